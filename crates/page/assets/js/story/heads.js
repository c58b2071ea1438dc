// Chapter 5: many heads, many perspectives. Four heads that do different things with one sentence.

import { svg } from "any2any/draw";
import { floats } from "any2any/api";
import { arcs, strongest } from "any2any/draw/arcs";
import { entropy } from "any2any/numbers";
import { layers } from "any2any/attention";
import { credit } from "any2any/story/examples";
import { attentivePassage } from "any2any/story/attention";
import { HEIGHT, WIDTH, drawing, sizeFor, text } from "any2any/story/drawing";

/** @import { Look } from "any2any/types" */

const WORDS = 6;

/** The number of heads that are shown. */
const SHOWN = 4;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "heads",
  title: "Many heads, many perspectives",
  steps: SHOWN + 1,
  text: (link) => ["One head asks one kind of question, so there are several. ", link("Four of them", 0), " at the same sentence: ",
    link("the first", 1), ", ", link("the second", 2), ", ", link("the third", 3), " and ", link("the fourth", 4),
    " look elsewhere. Nobody told them what to look for; training did."],
  async open({ app, animation }) {
    const { example, look, labels } = await attentivePassage(app, WORDS);
    const chosen = different(headsOf(look), SHOWN);
    const tiles = chosen.map((head, i) => tile(head, labels, i));
    const element = drawing("Four heads of the encoder at one sentence", tiles.map(({ element: each }) => each));
    return {
      element,
      credit: credit(example.run),
      show(step) {
        tiles.forEach(({ element: each }, i) => each.classList.toggle("story-dim", step > 0 && i !== step - 1));
        const shown = step === 0 ? tiles : [tiles[step - 1]].filter(Boolean);
        animation.play(labels.length + 1, 260, (frame) => shown.forEach(({ rows }) => rows.forEach((each, i) => each.classList.toggle("story-gone", i >= frame))));
      },
    };
  },
};

/** All heads of the encoder's self-attention. @param {Look} look */
export const headsOf = (look) => layers(look, "encoder", "self").flatMap(({ layer, weights }) => {
  const { shape: [heads, rows, columns], values } = floats(weights);
  return Array.from({ length: heads }, (_, head) => ({ layer, head, rows, columns, values: values.subarray(head * rows * columns, (head + 1) * rows * columns) }));
});

/** Heads as unlike each other as can be: the sharpest first, then always the one that is farthest from those that are chosen.
 * @template {{ values: Float32Array, rows: number, columns: number }} H @param {H[]} heads @param {number} count @returns {H[]} */
export function different(heads, count) {
  const first = [...heads].sort((a, b) => spreadOf(a) - spreadOf(b))[0];
  const chosen = first ? [first] : [];
  const far = (head) => Math.min(...chosen.map((other) => distance(head, other)));
  while (chosen.length < Math.min(count, heads.length)) {
    chosen.push(heads.filter((head) => !chosen.includes(head)).sort((a, b) => far(b) - far(a))[0]);
  }
  return chosen;
}

const distance = (one, other) => one.values.reduce((sum, value, i) => sum + Math.abs(value - other.values[i]), 0);

/** Mean entropy of a head's rows, in bits. */
const spreadOf = ({ values, rows, columns }) => Array.from({ length: rows }, (_, i) => entropy(values.subarray(i * columns, (i + 1) * columns)))
  .reduce((sum, each) => sum + each, 0) / rows;

/** What a head does most, measured: the share of its weight on the word itself, its neighbours, or one word for all.
 * @param {{ values: Float32Array, rows: number, columns: number }} head @param {string[]} labels */
export function habitOf({ values, rows, columns }, labels) {
  const share = (offset) => {
    const hits = Array.from({ length: rows }, (_, i) => i + offset).filter((j, i) => j >= 0 && j < columns && i < rows);
    const sum = Array.from({ length: rows }, (_, i) => (i + offset >= 0 && i + offset < columns ? values[i * columns + i + offset] : 0)).reduce((total, each) => total + each, 0);
    return sum / Math.max(1, hits.length);
  };
  const columnShare = (j) => Array.from({ length: rows }, (_, i) => values[i * columns + j]).reduce((sum, each) => sum + each, 0) / rows;
  const most = Array.from({ length: columns }, (_, j) => j).sort((a, b) => columnShare(b) - columnShare(a))[0];
  const found = [
    [share(0), "the word itself"], [share(-1), "the word before"], [share(1), "the word after"],
    [columnShare(most), `“${labels[most]}”, from all`],
  ].sort((a, b) => Number(b[0]) - Number(a[0]))[0];
  return { share: Number(found[0]), words: String(found[1]) };
}

function tile(head, labels, number) {
  const [left, width, high] = [330, WIDTH - 350, HEIGHT / SHOWN];
  const top = number * high;
  const { rows, columns, values } = head;
  const across = width / labels.length;
  const size = sizeFor(labels, across, 26);
  const x = (i) => left + (i + 0.5) * across;
  const [above, below] = [top + 40, top + high - 26];
  const habit = habitOf(head, labels);
  const groups = Array.from({ length: rows }, (_, i) => {
    const group = svg("g", { "data-query": i });
    const edges = Array.from({ length: columns }, (_, j) => ({
      from: { x: x(i), y: below - size }, to: { x: x(j), y: above + 10 }, weight: values[i * columns + j],
    }));
    arcs(group, strongest(edges, { most: 3, share: 0.3 }), { thickest: 10 });
    return group;
  });
  const element = svg("g", { class: "story-tile", "data-layer": head.layer, "data-head": head.head },
    svg("rect", { class: "story-panel", x: 4, y: top + 6, width: WIDTH - 8, height: high - 12, rx: 12 }),
    text(26, top + 58, `layer ${head.layer + 1}, head ${head.head + 1}`, { size: 28, anchor: "start", class: "strong" }),
    text(26, top + 100, `${Math.round(100 * habit.share)} % of it on`, { size: 25, anchor: "start", class: "soft" }),
    text(26, top + 136, habit.words, { size: 25, anchor: "start", class: "soft" }),
    groups,
    labels.map((label, i) => [
      text(x(i), above, label, { size, class: "source" }),
      text(x(i), below, label, { size, class: "target" })]));
  return { element, rows: groups };
}
