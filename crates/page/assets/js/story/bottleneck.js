// Chapter 3: encoder, context vector, decoder. A recurrent translator without attention hands over one list of numbers,
// however long the sentence is (Sutskever, Vinyals and Le 2014).

import { category, svg } from "any2any/draw";
import { floats } from "any2any/api";
import { extent, matrix, row as rowAt } from "any2any/machine/activations";
import { Missing, credit, examplesOf, firstAnswered, outputOf, partsOf, passageOf, suited, translators, wordsIn } from "any2any/story/examples";
import { WIDTH, arrow, column, drawing, reveal, row, sizeFor, text, word } from "any2any/story/drawing";
import { statesOf } from "any2any/story/recurrent";

/** @import { App } from "any2any/types" */
/** @import { Teller } from "any2any/story/examples" */

const WORDS = 6;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "bottleneck",
  title: "The bottleneck",
  steps: 4,
  text: (link) => ["To translate, one network, ", link("the encoder", 0), ", reads. What it hands over is ", link("one vector", 1),
    ", and a second network, ", link("the decoder", 2), ", writes from that alone. However long the sentence is, the vector stays as small: ",
    link("how much comes out right", 3), ", by the length of the sentence."],
  async open({ app, animation, isOpen }) {
    const passage = await narrowPassage(app);
    const { example, look, parts } = passage;
    const drawn = draw(passage, parts);
    const compared = [{ run: example.run, task: example.task }, ...translators(app, "transformer").slice(0, 1)];
    const share = svg("g", { class: "story-shares" });
    drawn.element.append(share);
    return {
      element: drawn.element,
      credit: compared.map(({ run }) => credit(run)).join(" · "),
      show(step) {
        const { length } = look.source.positions;
        for (const each of drawn.all) each.classList.toggle("story-gone", step === 3);
        share.classList.toggle("story-gone", step !== 3);
        if (step === 3) return byLength(share, compared, () => isOpen() && app.state.story.step === 3);
        drawn.vector.classList.toggle("story-dim", step < 1);
        reveal(drawn.read, step === 0 ? 0 : length);
        reveal(drawn.wrote, step === 2 ? 0 : step > 2 ? drawn.wrote.length : 0);
        if (step === 0) animation.play(length + 1, 500, (frame) => reveal(drawn.read, frame));
        if (step === 2) animation.play(drawn.wrote.length + 1, 700, (frame) => reveal(drawn.wrote, frame));
      },
    };
  },
};

/** A sentence translated by a recurrent network whose decoder has no attention. @param {App} app */
async function narrowPassage(app) {
  for (const teller of translators(app, "lstm")) {
    const examples = suited(await examplesOf(teller), { words: WORDS });
    const passage = await firstAnswered(examples, async (example) => {
      const found = await passageOf(example);
      return { ...found, parts: await partsOf(found) };
    });
    if (passage.look.attention.length === 0) return passage;
  }
  throw new Missing("None of these runs is a recurrent translator without attention, which is where the bottleneck is.",
    "any2any train configs/quickstart-lstm.yaml --set model.lstm.attention=none --run runs/bottleneck");
}

function draw({ look, vocabulary }, parts) {
  const sources = look.source.positions.map(({ label }) => label ?? "");
  const targets = look.target.positions.filter(({ token }) => token !== vocabulary.end).map(({ label }) => label ?? "");
  const states = statesOf(parts);
  const writing = matrix(floats(parts.find(({ kind, stack }) => kind === "cells" && stack === "decoder").values.find(({ name }) => name === "hidden").data));
  const [most, loud] = [extent(states.values), extent(writing.values)];
  const side = (labels, y, rows, high, kind) => {
    const across = (WIDTH - 200) / labels.length;
    const size = sizeFor(labels, across, 28);
    const x = (i) => 190 + (i + 0.5) * across;
    const half = Math.min(24, across * 0.25);
    const [bottom, top] = kind === "source" ? [y.words - 34, y.cells + y.height] : [y.cells, y.words + 30];
    return labels.map((label, i) => svg("g", { class: "story-step" },
      word(x(i), y.words, label, { width: across, size, side: kind }),
      arrow([x(i), bottom], [x(i), top]),
      column(rowAt(rows, i), { x: x(i) - half, y: y.cells, w: 2 * half, h: y.height, most: high }),
      i > 0 ? arrow([x(i - 1) + half, y.cells + y.height / 2], [x(i) - half - 2, y.cells + y.height / 2], "state") : null));
  };
  const read = side(sources, { words: 760, cells: 540, height: 150 }, states, most, "source");
  const wrote = side(targets, { words: 40, cells: 130, height: 150 }, writing, loud, "target");
  const last = rowAt(states, states.rows - 1);
  const across = (WIDTH - 200) / sources.length;
  const end = WIDTH - 10 - across / 2;
  const vector = svg("g", {},
    svg("path", { class: "story-arrow state", d: `M${end} 534 V446 H${WIDTH / 2 + 320}`, fill: "none", "marker-end": "url(#story-head)" }),
    row(last, { x: WIDTH / 2 - 300, y: 410, w: 610, h: 72, most }),
    svg("rect", { class: "story-frame", x: WIDTH / 2 - 308, y: 402, width: 626, height: 88, rx: 8 }),
    text(WIDTH / 2, 386, `the context vector: ${last.length} numbers`, { class: "strong" }),
    svg("path", { class: "story-arrow state", d: `M${WIDTH / 2 - 312} 446 H${190 + 500 / targets.length} V290`, fill: "none", "marker-end": "url(#story-head)" }));
  const titles = [text(10, 624, "encoder", { anchor: "start", class: "source strong" }), text(10, 214, "decoder", { anchor: "start", class: "target strong" })];
  const element = drawing("An encoder reads, hands over one vector, and a decoder writes from it", read, vector, wrote, titles);
  return { element, read, vector, wrote, all: [...read, vector, ...wrote, ...titles] };
}

/** The share of the reference's words that come out, by the length of the source: a point a sentence.
 * @param {SVGGElement} place @param {Teller[]} compared @param {() => boolean} shown */
async function byLength(place, compared, shown) {
  const longest = 16;
  const [left, top, width, height] = [110, 60, WIDTH - 170, 560];
  const x = (words) => left + (Math.min(longest, words) / longest) * width;
  const y = (share) => top + (1 - share) * height;
  place.replaceChildren(
    ...[0, 0.5, 1].flatMap((share) => [
      svg("line", { class: "story-grid", x1: left, x2: left + width, y1: y(share), y2: y(share) }),
      text(left - 12, y(share) + 9, `${100 * share} %`, { anchor: "end", class: "soft" })]),
    ...[4, 8, 12, 16].map((words) => text(x(words), top + height + 40, String(words), { class: "soft" })),
    text(left + width, top + height + 82, "words of the sentence", { anchor: "end", class: "soft" }),
    text(left, 36, "words of the right translation that come out", { anchor: "start", class: "soft" }));
  for (const [i, teller] of compared.entries()) {
    const sums = [0, 0];
    const label = text(left + 20, top + height + 118 + i * 42, "", { anchor: "start", class: "strong" });
    label.setAttribute("fill", category(i));
    place.append(svg("circle", { cx: left, cy: top + height + 109 + i * 42, r: 10, fill: category(i) }), label);
    for (const example of await examplesOf(teller)) {
      if (!shown()) return;
      const output = await outputOf(example).catch((error) => { if (error.code !== "not_recorded") throw error; });
      if (!output) continue;                                      // an exported page holds few sentences
      const share = shareOf(wordsIn(example.reference.text), wordsIn(output.view.text));
      sums[0] += share;
      sums[1] += 1;
      const words = wordsIn(example.source.text).length;
      place.append(svg("circle", { class: "story-point", cx: x(words) + (i - 0.5) * 16, cy: y(share), r: 9, fill: category(i), "data-series": i, "data-share": share, "data-words": words }));
      label.textContent = `${teller.run.name}: ${Math.round((100 * sums[0]) / sums[1])} % of the words, ${sums[1]} sentences`;
    }
  }
}

/** The share of `wanted` words that `written` has, each counted once for once. @param {string[]} wanted @param {string[]} written */
export function shareOf(wanted, written) {
  const left = [...written];
  const found = wanted.filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return wanted.length === 0 ? 1 : found.length / wanted.length;
}
