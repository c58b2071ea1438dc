// Entrance of a stack: embedding, positions, and the tokens below it. The tokens above the decoder are drawn alike,
// each in the column of its position; the output above a token is the token after it, which is all of "shifted right".

import { svg, sequentialRgb } from "any2any/draw";
import { matrix, times } from "any2any/machine/activations";
import { picture, places, turned } from "any2any/machine/residual_stream";
import { likeliest } from "any2any/machine/softmax";

/** @import { Activations, Drawn } from "any2any/machine/activations" */
/** @import { App } from "any2any/types" */

export const explainEmbedding = (_, { d, n, frames, inside, activations, decoder, has, stream }) => frames ? {
    text: [
      decoder
        ? "The frames written so far, one place to the right and with a frame of zeros first, are turned into vectors that the decoder can work with."
        : `The source is no text but frames of numbers. ${has("projection") ? "One matrix turns each frame" : "A few layers look at neighbouring frames and turn them"} into a vector of ${d} numbers, just as a word would be.`,
      "From here on the model does not know which medium it reads: everything is a sequence of vectors.",
    ],
    formula: has("projection") ? "x_{i} = W frame_{i} + b" : null,
    into: activations.sourceFrames && !decoder ? times([activations.sourceFrames.rows, activations.sourceFrames.columns]) : "frames",
    out: stream,
  } : {
    text: [
      `A network computes with numbers, so each word (more exactly: each token) is looked up in a table that has one row of ${d} numbers for every token it knows${vocabulary(inside)}.`,
      "The rows are learned: words that are used alike end up with rows that are alike. " +
        (decoder ? "Here the words written so far are looked up, one place to the right, with the begin token first." : "The same word always gets the same row; what it means here is for the layers above to find out."),
    ],
    formula: "x_{i} = √d_{model} · table[token_{i}]",
    into: `${n} tokens`,
    out: stream,
  };

export const explainPositions = ({ title }, { d, stream, name }) => ({
    text: [POSITIONS_TEXT[title], "Without this, “dog bites man” and “man bites dog” would be one and the same bag of words to the model, since attention does not care for order."],
    formula: POSITIONS_FORMULA[title],
    into: stream,
    out: `${stream}, the stream of ${d}-number vectors that all layers of the ${name} write into`,
  });

function vocabulary(part) {
  const table = part.parameters.find(({ name }) => name.endsWith("table"));
  return table ? ` (${table.shape[0]} in all)` : "";
}

const POSITIONS_TEXT = {
  "sines and cosines": "To each vector a pattern of sines and cosines is added that is different for each place in the sequence: fast waves tell neighbours apart, slow ones the beginning from the end.",
  "learned vectors": "To each vector another is added that stands for its place in the sequence. There is one for the first place, one for the second and so on, and all are learned.",
  rotary: "Nothing is added here. Instead, in every self-attention queries and keys are turned by an angle that grows with the position (rotary positions), so that they feel how far apart they are.",
  ALiBi: "Nothing is added here. Instead, in every self-attention a score is lowered by the distance between the two positions (ALiBi), so that what is near counts more.",
  Positions: "Here positions are told apart.",
};

const POSITIONS_FORMULA = {
  "sines and cosines": "p_{i, 2k} = sin(i / 10000^{2k/d}),   p_{i, 2k+1} = cos(i / 10000^{2k/d})",
  "learned vectors": "x_{i} + p_{i}",
  rotary: "q_{i} · k_{j} depends on i − j",
  ALiBi: "score_{ij} = q_{i} · k_{j} / √d_{head} − slope_{head} · |i − j|",
  Positions: null,
};

// ---- tokens at the bottom and at the top ----

const LETTER = 5.9;

/** The height of a row of words. @param {Activations} activations */
export function heightOf(activations, stack, role, width) {
  const list = role === "out" ? outputs(activations) : activations.labels[stack] ?? [];
  if (!list.length) return 0;
  const extra = role === "out" ? 18 : 14;
  if (activations.frames[stack]) return 30 + extra;
  return (upright(list, width) ? 20 : Math.min(66, longest(list) * LETTER + 8)) + extra;
}

const longest = (list) => Math.max(1, ...list.map((word) => Math.min(10, word.length)));
const upright = (list, width) => longest(list) * (LETTER + 0.6) + 6 < width / list.length;

/** The output above each position of the decoder; the last one is not written yet. @param {Activations} activations */
export function outputs(activations) {
  return activations.labels.decoder.map((_, i) => activations.written[i] ?? likeliest(activations, i)?.label ?? "?");
}

/** A row of words below or above a stack.
 * @param {import("any2any/machine/layout").Layout["words"][number]} row @param {Drawn} given */
export function words({ stack, role, x, y, w, h }, given) {
  const { activations, app } = given;
  const list = role === "out" ? outputs(activations) : activations.labels[stack];
  const count = list.length;
  const at = places(count, x, w);
  const key = role === "out" ? "out" : `${stack}.words`;
  const line = role === "out" ? y + 9 : y + h - 1;
  const said = captionOf(stack, role, given, w);
  const caption = svg("text", { class: "aside", x: x + w / 2, y: line, "text-anchor": "middle" }, said);
  const top = role === "out" ? y + 15 : y;
  const height = h - (role === "out" ? 18 : 14);
  if (activations.frames[stack]) {
    return svg("g", { class: `words ${stack}`, "data-key": key }, caption, strip(given, stack, role, x, top, w, height));
  }
  const flat = upright(list, w);
  const every = Math.max(1, Math.ceil(8.5 / (w / count)));
  return svg("g", { class: `words ${stack} ${role}`, "data-key": key }, caption, list.map((word, i) => {
    if (i % every !== 0) return null;
    const begin = role === "in" && stack === "decoder" && i === 0;
    const next = role === "out" && activations.written[i] === null && (i === 0 || activations.written[i - 1] !== null);
    const wide = Math.max(1, (w / count) * every - 2);
    const shown = word.length > 10 ? `${word.slice(0, 9)}…` : word;
    const middle = at(i);
    const size = flat ? 11 : Math.min(11, ((w / count) * every) * 0.98);
    return svg("g", {
      class: `word${begin ? " begin" : ""}${next ? " next" : ""}`,
      "data-at": i,
      onclick: () => role === "out" && app.choose(Math.min(i, app.count() - 1)),
      onpointerenter: () => hover(app, stack, role, i), onpointerleave: () => app.set({ hover: null }),
    }, svg("rect", { x: middle - wide / 2, y: top, width: wide, height, rx: Math.min(4, wide / 3) }),
    flat
      ? svg("text", { x: middle, y: top + height / 2 + 4, "text-anchor": "middle", "font-size": size }, shown)
      : svg("text", { "font-size": size, transform: `translate(${middle + size * 0.34} ${top + height - 4}) rotate(-90)` }, shown),
    svg("title", {}, word));
  }));
}

/** @param {App} app */
function hover(app, stack, role, i) {
  if (stack === "encoder") return app.set({ hover: { side: "source", position: i } });
  // A word below a stack is the output at the position before it.
  const position = role === "out" ? i : i - 1;
  if (position >= 0 && position < app.count()) app.set({ hover: { side: "target", position } });
}

function captionOf(stack, role, { activations, perPosition }, w) {
  const roomy = w > 190;
  if (role === "out" && perPosition) return roomy ? "what comes out: a label for each position" : "labels";
  if (role === "out") return activations.frames.decoder ? "frames" : roomy ? "what comes out: the next word, above each word" : "the next words";
  if (stack === "encoder") return activations.frames.encoder ? `source: ${activations.labels.encoder.length} positions` : "source";
  return roomy ? "written so far, shifted right" : "shifted right";
}

/** A strip of frames, which are too many for words, with time from left to right. */
function strip({ activations }, stack, role, x, y, w, h) {
  const edge = svg("rect", { class: "strip-edge", x, y, width: w, height: h, rx: 2 });
  const frames = stack === "encoder" ? activations.sourceFrames : framesWritten(activations, role);
  if (!frames) return [edge, svg("text", { class: "tick-label", x: x + w / 2, y: y + h / 2 + 4, "text-anchor": "middle" }, "frames")];
  const low = frames.values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = frames.values.reduce((a, b) => Math.max(a, b), -Infinity);
  return [picture(turned(frames), { x, y, w, h, colour: sequentialRgb, low, high }), edge];
}

/** The frames that the decoder has written. Its input is the same, shifted one place to the right, behind a frame of
 * zeros.
 * @param {Activations} activations */
function framesWritten(activations, role) {
  const numbers = activations.value("linear", "frames");
  if (!numbers) return null;
  const out = matrix(numbers);
  if (role === "out") return out;
  const values = new Float32Array(out.values.length);
  values.set(out.values.subarray(0, values.length - out.columns), out.columns);
  return { ...out, values };
}
