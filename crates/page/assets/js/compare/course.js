// Figure of the course of a training: a row for each token, a column for each checkpoint, as dark as the token was
// probable.

import { svg, sequential, sequentialRgb, inkOn } from "any2any/draw";
import { longest, shortened } from "any2any/compare/maps";
import { percent } from "any2any/numbers";

const TALL = 22;
/** The narrowest cells that hold a number, and the narrowest steps that have a name, in pixels. */
const [NUMBER, NAME] = [34, 44];

/** @param {object} what
 * @param {string[]} what.labels                       of the tokens
 * @param {number} what.chosen                         which of them is explained
 * @param {{ step: number, each: number[]|undefined }[]} what.checkpoints   log-probability of each token, once known
 * @param {number} what.at                             the checkpoint that is shown
 * @param {number} what.width                          pixels that there are
 * @param {(checkpoint: number) => void} what.onPick */
export function courseFigure({ labels, chosen, checkpoints, at, width, onPick }) {
  const left = 14 + longest(labels);
  const wide = Math.max(6, Math.min(54, (width - left - 4) / checkpoints.length));
  const height = TALL * labels.length;
  const names = labels.map((label, row) => svg("text", {
    class: row === chosen ? "chosen" : null, x: left - 8, y: (row + 0.5) * TALL + 4, "text-anchor": "end",
  }, shortened(label)));
  const columns = checkpoints.map(({ step, each }, column) => {
    const x = left + column * wide;
    const named = column % Math.ceil(NAME / wide) === 0;
    const below = { x: x + wide / 2, y: height + 16, "text-anchor": "middle" };
    return svg("g", { class: "checkpoint", onclick: () => onPick(column) },
      svg("title", {}, `step ${step}`),
      labels.map((_, row) => cell(each?.[row], x, row * TALL, wide)),
      named ? svg("text", { class: "step", ...below }, short(step)) : null);
  });
  const size = { width: left + wide * checkpoints.length + 4, height: height + 22 };
  return svg("svg", { ...size, role: "img", "aria-label": "Probability of each token at each checkpoint" },
    names, columns, svg("rect", { class: "here", x: left + at * wide, y: 0, width: wide, height }));
}

function cell(log_probability, x, y, width) {
  const box = { x: x + 0.5, y: y + 0.5, width: width - 1, height: TALL - 1 };
  if (log_probability === undefined) return svg("rect", { class: "unknown", ...box });
  const share = Math.exp(log_probability);
  const fill = inkOn(sequentialRgb(0.9 * share));
  const middle = { x: x + width / 2, y: y + TALL / 2 + 4, "text-anchor": "middle", style: { fill } };
  return [
    svg("rect", { ...box, fill: sequential(0.9 * share), "data-probability": share }),
    width < NUMBER ? null : svg("text", middle, percent(share)),
  ];
}

/** 800, 3k, 1.5k. */
const short = (step) => (step < 1000 ? String(step) : `${Number((step / 1000).toFixed(1))}k`);
