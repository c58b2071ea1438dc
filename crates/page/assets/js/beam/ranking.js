// The finished hypotheses of a beam search, best first.

import { html, button } from "any2any/draw";
import { textOf } from "any2any/beam/figure";
import { pathTo } from "any2any/beam/layout";
import { minus, percent } from "any2any/numbers";

/** @param {{ nodes: import("any2any/beam/layout").BeamNode[], best: number[] }} tree
 * @param {number} length_penalty
 * @param {{ onShow: (id: number|null) => void, onTake: (id: number) => void }} on */
export function rankingOf(tree, length_penalty, { onShow, onTake }) {
  if (tree.best.length === 0) return html("p", { class: "empty" }, "No hypothesis was finished.");
  const first = pathTo(tree, tree.best[0]).map(({ token }) => token);
  return [
    html("h3", {}, "Finished hypotheses"),
    html("div", { class: "ranking-head", "aria-hidden": "true" },
      ["", "", "score", "probability"].map((name) => html("span", {}, name))),
    html("ol", {}, tree.best.map((end, i) => hypothesis(pathTo(tree, end), i + 1, first, { onShow, onTake }))),
    html("p", { class: "note" }, explanation(length_penalty)),
  ];
}

function hypothesis(path, place, first, { onShow, onTake }) {
  const { id, score, total } = path.at(-1);
  const row = [
    html("span", { class: "place" }, String(place)),
    html("span", { class: "words" }, words(path, first)),
    html("span", { class: "number" }, minus(score.toFixed(3))),
    html("span", { class: "number soft" }, percent(Math.exp(total))),
  ];
  const show = () => onShow(id);
  const leave = () => onShow(null);
  return html("li", { "data-end": id }, button(row, () => onTake(id), {
    onpointerenter: show, onfocus: show, onpointerleave: leave, onblur: leave,
    title: `Take hypothesis ${place}: it becomes the output of the page`,
  }));
}

/** The words of a path; those at which it leaves the best one are set off. */
function words(path, first) {
  return path.filter(({ token }) => token !== null).map((node, i) =>
    html("span", { class: node.token === first[i] ? null : "other" }, textOf(node)));
}

function explanation(length_penalty) {
  if (length_penalty === 0) {
    return "Without a length penalty hypotheses are ranked by log-probability alone, and short ones win: every further "
      + "token can only take away from it. A click takes a hypothesis as the output.";
  }
  return `They are ranked by log-probability divided by length to the power of ${length_penalty.toFixed(1)} (the end `
    + "counts as a token): at 0 short ones win, at 1 it is the mean over the tokens. A click takes a hypothesis as the output.";
}
