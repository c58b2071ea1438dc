// One path of the tree in words: each token with its probability, and the computation of the score.

import { html } from "any2any/draw";
import { textOf } from "any2any/beam/figure";
import { percent, minus } from "any2any/numbers";

/** @param {import("any2any/beam/layout").BeamNode[]} path
 * @param {number} length_penalty
 * @param {boolean} pointed   whether somebody points at it; else it is the best one, shown for a start */
export function reading(path, length_penalty, pointed) {
  const last = path.at(-1);
  if (!last) return [];
  const fate = { kept: "went on", finished: "finished", pruned: "was dropped here" }[last.fate];
  const said = pointed ? `This beginning ${fate}.` : "The best hypothesis. Point at a node to read another.";
  return [
    html("p", { class: "small soft" }, said),
    html("ol", { class: "path" }, path.map(step)),
    html("p", { class: "small number sum" }, ...sum(last, path.length, length_penalty)),
  ];
}

function step(node) {
  const { token, log_probability } = node;
  const share = Math.exp(log_probability);
  return html("li", {},
    html("span", { class: token === null ? "soft" : null }, textOf(node)),
    html("span", { class: "meter", "aria-hidden": "true" }, html("span", { style: { width: `${100 * share}%` } })),
    html("span", { class: "number soft", title: `log-probability ${log_probability.toFixed(3)}` }, percent(share)),
    html("span", { class: "number faint" }, minus(log_probability.toFixed(2))));
}

function sum({ total, score }, length, penalty) {
  const power = html("sup", {}, penalty.toFixed(1));
  const [whole, result] = [total, score].map((number) => html("b", {}, minus(number.toFixed(3))));
  return ["log-probability ", whole, `  ÷  ${length}`, power, "  =  score ", result];
}
