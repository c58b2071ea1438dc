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

const WORDS = 7;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "bottleneck",
  title: "The bottleneck",
  steps: 4,
  text: (link) => ["To translate, one network, ", link("the encoder", 0), ", reads. What it hands over is ", link("one vector", 1),
    ", and a second network, ", link("the decoder", 2), ", writes from that alone. However long the sentence, the vector stays as small: ",
    link("the longer, the less comes out right", 3), "."],
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
  const side = (labels, left, width, y, rows, high, target) => {
    const across = width / labels.length;
    const size = sizeFor(labels, across, 26);
    const x = (i) => left + (i + 0.5) * across;
    const half = Math.min(26, across * 0.32);
    return labels.map((label, i) => svg("g", { class: "story-step" },
      word(x(i), y, label, { width: across, size, side: target ? "target" : "source" }),
      target ? arrow([x(i), 470], [x(i), y + 32]) : arrow([x(i), y - 32], [x(i), 532]),
      column(rowAt(rows, i), { x: x(i) - half, y: 412 + (target ? 60 : 0), w: 2 * half, h: target ? 140 : 116, most: high }),
      i > 0 ? arrow([x(i - 1) + half, 500], [x(i) - half - 2, 500], "state") : null));
  };
  const read = side(sources, 10, 470, 640, states, most, false);
  const wrote = side(targets, 690, 500, 240, writing, loud, true);
  const last = rowAt(states, states.rows - 1);
  const vector = svg("g", {},
    arrow([484, 470], [556, 470], "state"),
    column(last, { x: 562, y: 300, w: 66, h: 340, most }),
    svg("rect", { class: "story-frame", x: 556, y: 294, width: 78, height: 352, rx: 8 }),
    text(595, 276, `${last.length} numbers`, { class: "strong" }),
    text(595, 690, "context vector"),
    arrow([638, 520], [692, 520], "state"));
  const titles = [text(245, 700, "encoder", { class: "source strong" }), text(940, 690, "decoder", { class: "target strong" })];
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
    const label = text(left + i * 560, top + height + 130, "", { anchor: "start", class: "strong" });
    label.setAttribute("fill", category(i));
    place.append(svg("circle", { cx: left + i * 560 - 20, cy: top + height + 121, r: 10, fill: category(i) }), label);
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
