// Nearest samples (Strobelt et al. 2018, Seq2Seq-Vis): which training samples bring the model into a state like this one.

import { api } from "any2any/api";
import { html, replace, button, framed, segmented } from "any2any/draw";
import { figureOf } from "any2any/media";
import { readable } from "any2any/media/text";
import { isCurrent } from "any2any/probabilities";
import { asker } from "any2any/research/asking";
import { tokenText } from "any2any/token";

/** @import { App, Neighbour } from "any2any/types" */

/** Neighbours in the list. */
const COUNT = 12;
/** Samples that are compared before a person asks for more. */
const FIRST = 256;
/** Labels to either side of the position. */
const AROUND = 6;

/** @type {import("any2any/panels/research").Section} */
export function neighbours(root, app) {
  let stack = "decoder";
  let place = 0;                                                  // the position of the source
  let shown = null;                                               // { neighbours, compared, total, next, body }
  let most = FIRST;
  const choice = segmented({ label: "Stack", value: stack, options: [
    { value: "decoder", label: "Decoder", title: "The state from which the chosen word is written" },
    { value: "encoder", label: "Encoder", title: "The state of a position of the source" },
  ], onchange: (value) => { stack = value; drawPlace(); look(); } });
  const split = html("select", { "aria-label": "Split", onchange: () => look() });
  const where = html("div");
  const list = html("div", { class: "stack" });
  const note = html("p", { class: "note", role: "status" });
  const card = framed({ title: "Samples in a state like this one", name: "neighbours", controls: html("span", { class: "row" }, choice, split), data: () => shown,
    note: "States are compared by their angle: 1 is the same direction. Of every sample the nearest position is shown; a click gives the sample to the model. "
      + "States of the decoder follow the sample's own reference." }, html("div", { class: "stack" }, where, list, note));
  replace(root, card);
  const ask = asker(app, list);

  function drawSplits() {
    // What the model was trained on comes first.
    const splits = [...app.splits()].sort((a, b) => Number(b === "train") - Number(a === "train"));
    replace(split, splits.map((name) => html("option", { value: name }, name)));
    split.hidden = splits.length === 0;
  }

  function drawPlace() {
    const { look: seen } = app.state;
    if (stack === "decoder" || !seen?.source) return replace(where);
    const figure = figureOf({ ...seen.source, side: "source", size: "small", onPick: (position) => { place = position; drawPlace(); look(); } });
    figure.mark({ chosen: place });
    replace(where, figure.element, html("p", { class: "note" }, "Click the position whose state is compared."));
  }

  function look() {
    if (!isCurrent(app.state)) return;
    const { tokens, look: seen } = app.state;
    if (!split.value) return say("The samples of this run are not there to compare with: start `any2any explore` with --data-root FOLDER.");
    if (stack === "encoder" && !seen.source) return say("This model has no encoder whose states could be compared.");
    if (!app.task().target.tokens && stack === "decoder") return say("This task writes frames: the states of its encoder can be compared.");
    const position = stack === "decoder" ? Math.max(0, app.position()) : Math.min(place, seen.source.positions.length - 1);
    const body = app.request({ ...(app.task().target.tokens ? { tokens } : {}), stack, position, split: split.value, count: COUNT });
    ask({ ...body, most }, (signal) => compare(body, signal), { shown: draw, said: say });
  }

  /** Piece by piece, as pieces take a while. */
  async function compare(body, signal) {
    /** @type {Neighbour[]} */
    let near = [];
    for (let from = 0; from !== null && from < most;) {
      const answer = await api.neighbours({ ...body, from }, signal);
      near = [...near, ...answer.neighbours].sort((a, b) => b.similarity - a.similarity).slice(0, COUNT);
      shown = { neighbours: near, compared: answer.next ?? answer.total, total: answer.total, next: answer.next, body };
      if (signal.aborted) break;
      draw();
      from = answer.next;
    }
  }

  /** @param {string} words */
  function say(words) {
    shown = null;
    replace(list);
    note.textContent = words;
  }

  function draw() {
    if (!shown) return;
    const { neighbours: near, compared, total, next } = shown;
    replace(list, html("div", { class: "figure" }, html("table", { class: "numbers near" },
      html("thead", {}, html("tr", {}, ["sample", "similarity", stack === "decoder" ? "what was written there" : "what was read there", "its reference"].map((name) => html("th", { scope: "col" }, name)))),
      html("tbody", {}, near.map(row)))));
    replace(note, `Compared with ${compared} of ${total} samples. `,
      next === null ? null : button("Compare with more", () => { most = compared + FIRST; look(); }, { class: "small" }));
  }

  /** @param {Neighbour} near */
  function row({ sample, position, similarity, labels, reference }) {
    const name = shown.body.split;
    const open = () => app.give({ sample: { split: name, number: sample } });
    return html("tr", { "data-sample": sample, "data-position": position, "data-similarity": similarity },
      html("td", {}, button(`${name} ${sample + 1}`, open, { class: "link", title: `Give ${name} ${sample + 1} to the model` })),
      html("td", {}, similarity.toFixed(3)), html("td", { class: "text" }, context(labels, position)), html("td", { class: "text" }, reference));
  }

  drawSplits();
  drawPlace();
  look();
  return (keys) => {
    if (["run", "task", "input", "window"].some((key) => keys.has(key))) { place = 0; most = FIRST; }
    if (keys.has("run") || keys.has("task") || keys.has("runs")) drawSplits();
    if (["look", "tokens", "chosen"].some((key) => keys.has(key))) { drawPlace(); look(); }
  };
}

/** The labels around a position, that of the position marked. @param {(string|null)[]} labels @param {number} position */
function context(labels, position) {
  if (labels[position] === null) return `position ${position + 1} of ${labels.length}`;
  const text = (/** @type {string} */ label) => readable(tokenText(label)).text;
  const from = Math.max(0, position - AROUND);
  const pieces = labels.slice(from, position + AROUND + 1).map((label, i) =>
    [i > 0 ? " " : "", from + i === position ? html("mark", {}, text(label)) : text(label)]);
  // Behind the last token, the model writes the end.
  return [from > 0 ? "… " : "", pieces, position >= labels.length ? [" ", html("mark", {}, "∎")] : position + AROUND + 1 < labels.length ? " …" : ""];
}
