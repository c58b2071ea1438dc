// A part, opened: what it does, its worked example, its matrices and what was learned.

import { html } from "any2any/draw";
import { nameOf } from "any2any/machine/anatomy";
import { explain } from "any2any/machine/explain";
import { formula } from "any2any/machine/formula";
import { allHeads, headChoice, parametersOf, valuesOf } from "any2any/machine/matrices";
import { workedAttention, workedSoftmax } from "any2any/machine/worked";

/** @param {object} block @param {object} given { flow, model, task, app, view, setHead, setQuery } @returns {Node[]} */
export function detail(block, given) {
  const { flow, view } = given;
  const { text, formula: said, into, out } = explain(block, given);
  const position = positionOf(block, given);
  const weights = block.kind === "attention" ? flow.value(block.part, "weights") : null;
  const head = weights ? Math.min(view.head, weights.shape[0] - 1) : 0;
  const more = { ...given, head, position };
  return [
    html("h3", { tabindex: -1 }, nameOf(block)),
    text.map((each) => html("p", {}, each)),
    said ? formula(said) : null,
    html("p", { class: "in-out number" }, html("span", {}, "in ", html("b", {}, into)), html("span", { "aria-hidden": "true" }, "→"), html("span", {}, "out ", html("b", {}, out))),
    weights && weights.shape[0] > 1 ? allHeads(weights, head, given.setHead) : null,
    weights || block.kind === "softmax" || block.kind === "linear" ? queryChoice(block, position, given) : null,
    weights ? workedAttention(block, more) : null,
    block.kind === "softmax" || block.kind === "linear" ? workedSoftmax(more) : null,
    html("h4", {}, weights && weights.shape[0] > 1 ? `The matrices of head ${head + 1}` : "The numbers that flow through"),
    weights && weights.shape[0] > 1 ? headChoice(weights.shape[0], head, given.setHead) : null,
    html("div", { class: "matrices" }, valuesOf(block, more)),
    parametersOf(block, given),
  ].flat().filter(Boolean);
}

/** The position that is worked out: the chosen one, else the one that the page explains, else the last. */
export function positionOf(block, { flow, app, view }) {
  const stack = block.stack ?? "decoder";
  const last = flow.labels[stack].length - 1;
  if (stack === "encoder") return Math.min(view.query ?? Math.floor(last / 2), last);
  return Math.max(0, Math.min(app.position(), last));
}

/** A menu of positions. In the decoder the choice is the page's own: all figures follow it. */
function queryChoice(block, position, { flow, app, setQuery }) {
  const stack = block.stack ?? "decoder";
  const encoder = stack === "encoder";
  const menu = html("select", { onchange: (event) => {
    const at = Number(event.target.value);
    if (encoder) setQuery(at);
    else app.choose(Math.min(at, app.count() - 1));
  } }, flow.labels[stack].map((label, i) => html("option", { value: i, selected: i === position },
    encoder ? label : `${label}${flow.written[i] === null ? "" : `  (then: ${flow.written[i]})`}`)));
  return html("label", { class: "query-choice" }, encoder || block.kind === "attention" ? "Who asks: " : "After: ", menu);
}
