// The exit of the decoder, from its last vector to the next token: linear layer and softmax, explained and worked out.

import { html } from "any2any/draw";
import { percent, softmax } from "any2any/numbers";
import { matrix, row, times, written } from "any2any/machine/activations";

/** @import { Activations } from "any2any/machine/activations" */

export const explainLinear = (_, { d, n, frames, inside, stream, shape }) => frames ? {
    text: [`One last matrix turns each vector of ${d} numbers into the numbers of a frame. This task writes frames, not words, so there is no softmax: the numbers themselves are the output.`],
    formula: "frame_{i} = W h_{i} + b",
    into: stream,
    out: shape("frames"),
  } : {
    text: [
      `The decoder's last vector is compared with one row of ${d} numbers for every token of the vocabulary: the dot product is the token's score, called logit. The better the vector points in a token's direction, the higher the score.`,
      inside.parameters.some(({ name }) => name.startsWith("stems.")) ? "In this model the rows are the very table that words were looked up in at the entrance (“tied” weights)." : "The rows are learned for this purpose alone.",
    ],
    formula: "logit_{token} = h · row_{token}",
    into: stream,
    out: times([n, inside.values[0].shape.at(-1)]),
  };

export const explainSoftmax = (_, { n, shape }) => ({
    text: [
      "Scores become probabilities: each is raised to the exponential, so that all are positive, and divided by the sum, so that they add up to 1. The higher the score, the larger the share; a lead of 1 makes a token 2.7 times as likely.",
      "From this distribution the next word is chosen. It is then written behind the others, and goes in at the bottom of the decoder for the next one.",
    ],
    formula: "p_{token} = exp(logit_{token}) / Σ exp(logit)",
    into: shape("probabilities"),
    out: `${shape("probabilities")}, each of the ${n} rows adding up to 1`,
  });

/** The likeliest token after the first `i`. @param {Activations} activations */
export function likeliest(activations, i) {
  const numbers = activations.value("softmax", "probabilities");
  if (!numbers || i >= numbers.shape[0]) return null;
  const values = row(matrix(numbers), i);
  const token = values.indexOf(Math.max(...values));
  return { token, probability: values[token], label: activations.show(token) };
}

/** The computation of the likeliest tokens' probabilities from their logits. @param
 * {import("any2any/machine/activations").Worked} drawn */
export function workedSoftmax({ activations, position }) {
  const logits = activations.value("linear", "logits");
  if (!logits || String(logits.full) !== String(logits.shape)) return null;
  const at = Math.min(position, logits.shape[0] - 1);
  const scores = row(matrix(logits), at);
  const chances = softmax(scores);
  const order = Array.from(chances.keys()).sort((a, b) => chances[b] - chances[a]).slice(0, 6);
  const high = scores[order[0]];
  const sum = scores.reduce((total, score) => total + Math.exp(score - high), 0);
  const chosen = activations.written[at];
  return html("section", { class: "worked" },
    html("h4", {}, `Worked out: what follows “${activations.labels.decoder[at]}”`),
    html("p", {}, `The highest score, ${written(high)}, is taken off all scores first, which changes no share; then exp, then division by the sum over all ${scores.length} tokens, ${written(sum, 3)}.`),
    html("div", { class: "scrolls" }, html("table", { class: "numbers scores" },
      html("thead", {}, html("tr", {}, ["token", "logit", "exp(logit − max)", "probability"].map((each) => html("th", { scope: "col" }, each)))),
      html("tbody", {}, order.map((token) => html("tr", { class: activations.show(token) === chosen ? "chosen" : null },
        html("th", { scope: "row" }, activations.show(token)),
        html("td", {}, written(scores[token])),
        html("td", {}, written(Math.exp(scores[token] - high), 3)),
        html("td", { class: "bar-cell" }, html("i", { style: { width: `${46 * chances[token]}px` } }), percent(chances[token]))))))),
    html("p", { class: "note" }, chosen === null ? "Nothing is chosen yet." : `“${chosen}” was written here.`));
}
