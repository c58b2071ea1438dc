// The tour through the figure for a first-time reader: its stops explain one part after the other in plain words, with
// this model's own numbers. A model that lacks a part has no stop for it.

import { html, button } from "any2any/draw";
import { percent } from "any2any/numbers";
import { matrix, positionOf, row } from "any2any/machine/activations";
import { allHeads, workedAttention } from "any2any/machine/attention";
import { formula } from "any2any/machine/inspector";
import { likeliest, workedSoftmax } from "any2any/machine/softmax";

/** @import { Drawn } from "any2any/machine/activations" */
/** @import { Block } from "any2any/machine/architecture" */

/**
 * @typedef {object} Stop
 * @property {string} title
 * @property {(key: string, block: import("any2any/machine/architecture").Block|null) => boolean} lit   which keys of the figure stay bright
 * @property {(given: import("any2any/machine/activations").Drawn) => any[]} body
 * @property {import("any2any/machine/architecture").Block|null} opens   the block that it is about
 */

/** The stops for this model. @param {import("any2any/machine/activations").Drawn} given @returns {Stop[]} */
export function stops(given) {
  const recurrent = given.model.body === "lstm";
  return [overview, entrance, recurrent ? reading : encoder, attention, heads, residual, feedForward, shifted, masked, cross, exit, again]
    .map((make) => make(given)).filter(Boolean);
}

const all = () => true;
const p = (...children) => html("p", {}, children);
const term = (word) => html("dfn", {}, word);
/** @param {Drawn} given */
const first = (given, test) => given.all.find((block) => test(block) && (block.layer === null || block.layer === (given.view.folded ? Math.min(given.view.layer, most(given, block.stack)) : 0)));
/** @param {Drawn} given */
const most = (given, stack) => Math.max(0, ...given.all.filter((block) => block.stack === stack).map(({ layer }) => layer ?? 0));

/** True if the decoder attends to what the encoder has read. @param {Drawn} given */
const looksBack = ({ app }) => (app.state.look?.attention ?? []).some(({ kind }) => kind === "cross");

function overview(given) {
  const { architecture, model, activations } = given;
  const two = architecture.stacks.length > 1;
  const machine = model.body === "lstm" ? "recurrent network" : "transformer";
  return {
    title: two ? "Two halves" : "One half",
    lit: all,
    opens: null,
    body: () => [
      two ? p(`This is a ${machine}, drawn as it is. The left half, the `, term("encoder"), ", reads the source. The right half, the ", term("decoder"), ", writes the answer, one ", activations.frames.decoder ? "frame" : "word", " at a time, ", looksBack(given) ? "looking at what has been read." : "from the last state that the encoder handed on: it cannot look back at what has been read.")
        : p("This model has no source: it continues what is written. It is the right half of the paper's figure alone, the ", term("decoder"), ", without attention to an encoder; language models are built like this."),
      p(`Data flows upwards. Each coloured strip is a real state of the machine for your input: one column for each word, ${model.d_model} numbers from top to bottom, blue below zero and orange above.`),
      p(`All in all, ${model.parameters.toLocaleString("en")} numbers were learned. Use the arrow keys to go on.`),
    ],
  };
}

/** @param {Drawn} given */
function entrance(given) {
  const { activations, model } = given;
  const block = first(given, ({ kind }) => kind === "embedding");
  if (!block) return null;
  const label = activations.labels[block.stack][0];
  return {
    title: activations.frames[block.stack] ? "Frames become vectors" : "Words become vectors",
    lit: (key, each) => ["embedding", "positions"].includes(each?.kind) || key.endsWith(".words"),
    opens: block,
    body: () => activations.frames[block.stack]
      ? [p(`The source is cut into positions, here ${activations.labels.encoder.length}. Each is a handful of measured numbers, and is turned into a vector of ${model.d_model} numbers.`), p("That is all the machine ever knows about pictures or sounds: from here on they are sequences of vectors, as sentences are."), order(given)]
      : [p(`Each token is replaced by a `, term("vector"), `, a row of ${model.d_model} numbers that was learned for it. “${label}” always becomes the same row; words that are used alike have rows that are alike.`), p("A token is a word or a piece of one: rare words are spelled out in pieces."), order(given)],
  };
}

/** The stop about the order of positions. @param {Drawn} given */
function order(given) {
  const block = first(given, ({ kind }) => kind === "positions");
  if (!block) return null;
  return p("Nothing so far says which comes first. ", block.added
    ? `So at the plus sign a pattern (${block.title}) that is different for every place is added.`
    : `In this model nothing is added for that; inside of attention, a score depends on how far two positions are apart (${block.title}).`);
}

/** @param {Drawn} given */
function encoder(given) {
  const { architecture, activations, model } = given;
  if (architecture.stacks.length < 2) return null;
  const n = activations.labels.encoder.length;
  return {
    title: "What is an encoder?",
    lit: (key, each) => each?.stack === "encoder" || key.startsWith("encoder"),
    opens: null,
    body: () => [
      p("The ", term("encoder"), ` reads. It goes over the whole source at once, ${model.encoder_layers} ${model.encoder_layers === 1 ? "time" : "times"}: that is how many layers it has. In each layer every position first looks around (self-attention), then thinks on its own (feed forward).`),
      p(`In come ${n} vectors, out come ${n} vectors. What has changed is what they say: below, “${activations.labels.encoder[Math.floor(n / 2)]}” was the same whatever stood beside it; above, it is that word in this very sentence.`),
    ],
  };
}

/** @param {Drawn} given */
function reading(given) {
  const { architecture, activations } = given;
  if (architecture.stacks.length < 2) return null;
  return {
    title: "What is an encoder?",
    lit: (key, each) => each?.stack === "encoder" || key.startsWith("encoder"),
    opens: first(given, ({ kind, stack }) => kind === "cells" && stack === "encoder"),
    body: () => [
      p("The ", term("encoder"), ` reads. Here it is a chain of ${activations.labels.encoder.length} LSTM cells: each takes one word and what the cell before it remembered, and hands its own memory on.`),
      p("So it reads as we do, in order. But what stood at the beginning must survive every step on the way; and no step can begin before the last is done. The transformer was invented to have neither trouble."),
    ],
  };
}

/** @param {Drawn} given */
function attention(given) {
  const block = first(given, ({ kind, attends, stack }) => kind === "attention" && attends === "self" && (stack === "encoder" || given.architecture.stacks.length === 1));
  if (!block) return null;
  return {
    title: "Query, key and value",
    lit: (_, each) => each?.key === block.key,
    opens: block,
    body: (now) => [
      p(term("Attention"), " lets a position take over what it needs from others. Each sends out a ", term("query"), " (what am I looking for?) and shows a ", term("key"), " (what do I offer?). Where they fit, their dot product is large, and the ", term("value"), " (what do I hand over?) is taken over. Here are the real numbers of one query:"),
      workedAttention(block, { ...now, head: Math.min(now.view.head, now.model.heads - 1), position: positionOf(block, now) }),
    ],
  };
}

/** @param {Drawn} given */
function heads(given) {
  const block = first(given, ({ kind, attends, stack }) => kind === "attention" && attends === "self" && (stack === "encoder" || given.architecture.stacks.length === 1));
  if (!block || given.model.heads < 2) return null;
  const { heads: count, d_model: d } = given.model;
  return {
    title: "What is a head?",
    lit: (_, each) => each?.kind === "attention",
    opens: block,
    body: (now) => [
      p("One question is not enough: a verb wants its subject and its object. So each attention has ", term("heads"), `, here ${count}, that ask different questions at the same time, each with ${d / count} of the ${d} numbers. Each square below is a head: a row is a position that asks, and dark is where it looks.`),
      allHeads(now.activations.value(block.part, "weights"), now.view.head, now.setHead),
      p(`What the ${count} heads found is put side by side (${count} × ${d / count} = ${d}) and mixed by one more matrix.`),
    ],
  };
}

/** @param {Drawn} given */
function residual(given) {
  const block = first(given, ({ kind }) => kind === "add" || kind === "add_norm");
  if (!block || given.model.body === "lstm") return null;
  const pre = given.model.norm !== "post";
  return {
    title: "Added, not replaced",
    lit: (key, each) => ["add", "add_norm", "norm"].includes(each?.kind) || key.endsWith(".carry"),
    opens: block,
    body: () => [
      p("The line around each box carries the old vectors past it; what the box found is added to them. This is the ", term("residual connection"), ": a layer only has to say what is new."),
      p("The ", term("norm"), " brings each vector to one scale, so that sums of many layers do not grow out of hand. ", pre
        ? "The paper has it after the sum; this model, as most do today, before each step, and once more at the top."
        : "As in the paper, it stands right after the sum."),
      formula(pre ? "x + step(norm(x))" : "norm(x + step(x))"),
    ],
  };
}

/** @param {Drawn} given */
function feedForward(given) {
  const block = first(given, ({ kind }) => kind === "feed_forward");
  if (!block) return null;
  const { d_model: d, d_ff: inner } = given.model;
  return {
    title: "Each on its own",
    lit: (_, each) => each?.kind === "feed_forward",
    opens: block,
    body: () => [
      p("Attention gathers; the ", term("feed-forward"), ` layer works on what was gathered, at every position alone and with the same weights: ${d} numbers become ${inner}, the negative ones are cut off or damped, and ${inner} become ${d} again.`),
      p("Attention and feed forward together are one layer. The layers on top of it have the same form, and weights of their own."),
    ],
  };
}

function shifted({ architecture, activations, task, model }) {
  const labels = activations.labels.decoder;
  const decoder = (key, each) => each?.stack === "decoder" || key.startsWith("decoder") || key === "loop" || key === "out";
  if (task.per_position) {
    return {
      title: "What is a decoder?",
      lit: decoder,
      opens: null,
      body: () => [p("The ", term("decoder"), " writes. This task has one label for each position of the source, so its decoder is not fed the words written so far, as the paper's is, but what the encoder made of each position: all labels are written at once, and nothing is shifted.")],
    };
  }
  const shown = Math.min(labels.length, 7);
  const cell = (text, kind) => html("td", { class: kind }, text ?? "?");
  return {
    title: architecture.stacks.length > 1 ? "A decoder, and the shifted output" : "The shifted output",
    lit: decoder,
    opens: null,
    body: () => [
      p("The ", term("decoder"), ` writes one ${activations.frames.decoder ? "frame" : "word"} at a time. What it is fed, at the bottom, is its own output, moved one place to the right: a begin token first, then what has been written so far. Above each ${activations.frames.decoder ? "frame" : "word"} that goes in comes out the one that follows it.`),
      html("div", { class: "scrolls" }, html("table", { class: "shift" },
        html("tr", {}, html("th", { scope: "row" }, "out"), labels.slice(0, shown).map((_, i) => cell(activations.written[i] ?? (activations.frames.decoder ? "…" : likeliest(activations, i)?.label), i < labels.length - 1 ? "out" : "out next"))),
        html("tr", { class: "up" }, html("th"), labels.slice(0, shown).map(() => cell("↑"))),
        html("tr", {}, html("th", { scope: "row" }, "in"), labels.slice(0, shown).map((label, i) => cell(label, i === 0 ? "in begin" : "in"))))),
      p(model.body === "lstm"
        ? "In training the right words go in, whatever the model would have written."
        : "In training the whole right answer goes in at once, shifted, and all places learn at the same time. Without the shift, each place would see the very word that it is to guess."),
    ],
  };
}

/** @param {Drawn} given */
function masked(given) {
  const block = first(given, ({ kind, attends, stack }) => kind === "attention" && attends === "self" && stack === "decoder");
  if (!block) return null;
  return {
    title: "No look ahead",
    lit: (_, each) => each?.key === block.key,
    opens: block,
    body: (now) => [
      p(given.architecture.stacks.length > 1 ? "The decoder's self-attention is like the encoder's, but " : "This attention is ", term("masked"),
        `: a position sees only itself and what ${given.task.per_position ? "comes" : "was written"} before it. The upper right of every picture is empty, for that would be the future.`),
      allHeads(now.activations.value(block.part, "weights"), now.view.head, now.setHead),
    ],
  };
}

/** @param {Drawn} given */
function cross(given) {
  const block = first(given, ({ kind, attends }) => kind === "attention" && attends === "cross");
  if (!block) return null;
  return {
    title: "Looking at the source",
    lit: (key, each) => each?.key === block.key || key === "cross" || key === "encoder.out",
    opens: block,
    body: (now) => {
      const position = positionOf(block, now);
      const word = now.activations.labels.decoder[position];
      return [
        p(now.model.body === "lstm" ? "At each step the decoder looks back at all of the encoder's states. " : "Here the halves meet. Queries come from the decoder, keys and values from the encoder. ",
          `Standing at “${word}”, about to write “${now.activations.written[position] ?? "the next word"}”, where does it look?`),
        workedAttention(block, { ...now, head: Math.min(now.view.head, now.model.heads - 1), position }) ?? lookedAt(now, block, position),
      ];
    },
  };
}

/** The positions with the largest weights, for attention without queries and keys of its own.
 * @param {Drawn} drawn @param {Block} block @param {number} position */
function lookedAt({ activations, setHead }, block, position) {
  const weights = activations.value(block.part, "weights");
  const of = row(matrix(weights), Math.min(position, weights.shape[1] - 1));
  const best = Array.from(of.keys()).sort((a, b) => of[b] - of[a]).slice(0, 3);
  return [
    p(`Mostly at ${best.map((j) => `“${activations.labels.encoder[j]}” (${percent(of[j])})`).join(", ")}. Below, a row is a step of the decoder, and dark is where it looks.`),
    allHeads(weights, 0, setHead),
  ];
}

/** @param {Drawn} given */
function exit(given) {
  const linear = given.all.find(({ kind }) => kind === "linear");
  const softmax = given.all.find(({ kind }) => kind === "softmax");
  if (!linear) return null;
  return {
    title: softmax ? "From a vector to a word" : "From a vector to a frame",
    lit: (key, each) => ["linear", "softmax"].includes(each?.kind) || key === "out",
    opens: softmax ?? linear,
    body: (now) => softmax ? [
      p("The last vector is compared with every token of the vocabulary: that gives each a score, its ", term("logit"), " (linear). The ", term("softmax"), " turns scores into probabilities, and one token is chosen: the likeliest, or by lot."),
      workedSoftmax({ ...now, position: positionOf(linear, now) }),
    ] : [p("A last matrix turns the decoder's vector into the numbers of the next frame. There is nothing to choose between, so there is no softmax.")],
  };
}

function again({ activations, task, architecture, model }) {
  const two = architecture.stacks.length > 1;
  const last = likeliest(activations, activations.rows - 1);
  const define = (word, text) => [html("dt", {}, word), html("dd", {}, text)];
  return {
    title: "And again",
    lit: task.per_position ? all : (key) => ["loop", "out", "decoder.words"].includes(key),
    opens: null,
    body: () => [
      task.per_position ? null : p(last ? `“${last.label}”${last.probability ? ` (${percent(last.probability)})` : ""} is the likeliest next. ` : "", activations.frames.decoder ? "What comes out" : "What is chosen", " is written, goes in at the bottom, one place further right, and all of the decoder runs once more, until the end is written."),
      html("dl", {},
        two ? define("Encoder", "reads the source; makes of each position a vector that knows its surroundings.") : null,
        define("Decoder", two ? "writes the answer one step at a time, from what was read and what it has written." : "writes one step at a time, from what is written before."),
        model.body === "lstm" ? null : define("Head", "one of several attentions at work at once; asks one kind of question of all positions."),
        task.per_position ? null : define("Shifted output", "what goes into the decoder: its own output one place to the right, so that each place foretells the next.")),
    ].filter(Boolean),
  };
}

/** The card of a stop, with buttons forward and back.
 * @param {{ stop: Stop, at: number, of: number, given: import("any2any/machine/activations").Drawn, go: (at: number) => void,
 *   leave: () => void, open: (key: string) => void }} what
 * @returns {Node[]} */
export function card({ stop, at, of, given, go, leave, open }) {
  return [
    html("p", { class: "stop-count number" }, `${at + 1} of ${of}`),
    html("h3", { tabindex: -1 }, stop.title),
    html("div", { class: "stop-body" }, stop.body(given).flat().filter(Boolean)),
    html("div", { class: "row stop-buttons" },
      button("← Back", () => go(at - 1), { title: "Back (left arrow)", disabled: at === 0 }),
      at + 1 < of
        ? button("Next →", () => go(at + 1), { title: "Next (right arrow)", class: "primary" })
        : button("Done", leave, { title: "End the tour (Escape)", class: "primary" }),
      stop.opens ? button("Look inside", () => open(stop.opens.key), { title: "Open this part" }) : null,
      at + 1 < of ? button("End the tour", leave, { title: "End the tour (Escape)", class: "quiet" }) : null),
  ];
}
