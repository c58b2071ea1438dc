// Worked examples with the model's own numbers: one query of one head, and one softmax over the vocabulary. All that
// the model computed in between is computed here once more, in the open, and compared with what the model says.

import { html, svg, divergingRgb } from "any2any/draw";
import { percent, softmax } from "any2any/numbers";
import { extent, matrix, row, written } from "any2any/machine/flow";
import { picture } from "any2any/machine/picture";

const MOST = 14;

/** The scores, weights and mixed values of one query, from its own and the keys' numbers.
 * @param {{ query, key, value, weights: { values, rows, columns } }} head   matrices of one head
 * @param {{ at: number, causal: boolean, slope: number }} options   slope: what a step of distance costs, for ALiBi */
export function attend({ query, key, value }, { at, causal, slope = 0 }) {
  const q = row(query, at);
  const scale = Math.sqrt(query.columns);
  const dots = Array.from({ length: key.rows }, (_, j) => dot(q, row(key, j)));
  const scores = dots.map((each, j) => (causal && j > at ? -Infinity : each / scale - slope * Math.abs(at - j)));
  const weights = softmax(scores);
  const mixed = new Float64Array(value.columns);
  weights.forEach((weight, j) => row(value, j).forEach((number, k) => { mixed[k] += weight * number; }));
  return { q, dots, scale, scores, weights, mixed };
}

const dot = (a, b) => a.reduce((sum, number, i) => sum + number * b[i], 0);

/** What a step of distance costs a head: 2^(−8 (head + 1) / heads) (Press et al. 2022). */
const slopeOf = (model, attends, head) => (model.positions === "alibi" && attends === "own" ? 2 ** ((-8 * (head + 1)) / model.heads) : 0);

/** One query's way through a head, step by step; null where queries and keys are not there whole. */
export function workedAttention(block, { flow, model, head, position }) {
  const numbers = ["query", "key", "value", "weights", "context"].map((name) => flow.value(block.part, name));
  if (numbers.some((each) => !each || String(each.full) !== String(each.shape))) return null;
  const [query, key, value, weights, context] = numbers.map((each) => matrix(each, Math.min(head, each.shape[0] - 1)));
  const at = Math.min(position, query.rows - 1);
  const causal = block.stack === "decoder" && block.attends === "own";
  const slope = slopeOf(model, block.attends, head);
  const found = attend({ query, key, value }, { at, causal, slope });
  const keys = block.attends === "cross" ? flow.labels.encoder : flow.labels[block.stack];
  const asks = flow.labels[block.stack][at];
  return html("section", { class: "worked" },
    html("h4", {}, `Worked out: what “${asks}” asks in head ${head + 1}`),
    html("ol", {},
      html("li", {}, html("p", {}, `“${asks}” sends out its query, ${query.columns} numbers:`), numbersOf(found.q)),
      html("li", {}, html("p", {}, scoring(found, slope, causal)), scoreTable(found, { key, keys, causal, at })),
      html("li", {}, html("p", {}, `The values of all positions are mixed by these weights. That is what “${asks}” takes home from this head:`), numbersOf(found.mixed))),
    agreement(found, row(weights, at), row(context, at)));
}

function scoring({ q, scale }, slope, causal) {
  const distance = slope ? `, less ${written(slope, 3)} for each step of distance` : "";
  const hidden = causal ? "; what comes later is hidden" : "";
  return "It is multiplied with the key of every position, number by number, and summed: the dot product q · k. " +
    `Divided by √${q.length} = ${written(scale)}${distance}, that is the score${hidden}. ` +
    "The softmax makes of the scores weights that add up to 1.";
}

function scoreTable(found, { key, keys, causal, at }) {
  const order = Array.from(found.weights.keys());
  const shown = order.length <= MOST ? order : [...order].sort((a, b) => found.weights[b] - found.weights[a]).slice(0, MOST).sort((a, b) => a - b);
  const rest = order.length - shown.length;
  const most = Math.max(...found.weights);
  const sum = shown.reduce((total, j) => total + found.weights[j], 0);
  return html("div", { class: "scrolls" }, html("table", { class: "numbers scores" },
    html("thead", {}, html("tr", {}, ["", "key k", "q · k", "score", "weight"].map((each) => html("th", { scope: "col" }, each)))),
    html("tbody", {}, shown.map((j) => {
      const hidden = causal && j > at;
      return html("tr", { class: hidden ? "hidden-key" : null },
        html("th", { scope: "row", title: keys[j] }, keys[j] ?? String(j + 1)),
        html("td", {}, strip(row(key, j), 74, 11)),
        html("td", {}, hidden ? "hidden" : written(found.dots[j])),
        html("td", {}, hidden ? "−∞" : written(found.scores[j])),
        html("td", { class: "bar-cell" }, html("i", { style: { width: `${(46 * found.weights[j]) / most}px` } }), hidden ? "0" : percent(found.weights[j])));
    })),
    rest > 0 ? html("tfoot", {}, html("tr", {}, html("td", { colspan: 5 }, `${rest} more keys, together ${percent(1 - sum)}`))) : null));
}

/** The first few numbers and a picture of all. */
function numbersOf(values) {
  const few = Array.from(values.slice(0, 4), (value) => written(value));
  return html("div", { class: "vector" }, strip(values, 150, 13), html("code", {}, `[${few.join(", ")}, …]`));
}

function strip(values, width, height) {
  const most = extent(values);
  const line = { values: Float32Array.from(values), rows: 1, columns: values.length };
  const attrs = { width, height, viewBox: `0 0 ${width} ${height}`, class: "vector-strip", role: "img" };
  return svg("svg", { ...attrs, "aria-label": `${values.length} numbers` }, picture(line, {
    x: 0, y: 0, w: width, h: height, colour: (t) => divergingRgb(2 * t - 1), low: -most, high: most,
  }));
}

function agreement(found, weights, context) {
  const away = Math.max(difference(found.weights, weights), difference(found.mixed, context));
  const words = away < 1e-4
    ? `Computed here from queries, keys and values; the model's own weights and mixed values are the same, to ${written(Math.max(away, 1e-7), 7).replace(/0+$/, "")}.`
    : `The model's own weights differ by up to ${written(away, 4)}: something else than the formula takes part here.`;
  return html("p", { class: away < 1e-4 ? "note agrees" : "note", "data-away": away }, words);
}

const difference = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

/** From the scores of the likeliest tokens to their probabilities. */
export function workedSoftmax({ flow, position }) {
  const logits = flow.value("linear", "logits");
  if (!logits || String(logits.full) !== String(logits.shape)) return null;
  const at = Math.min(position, logits.shape[0] - 1);
  const scores = row(matrix(logits), at);
  const chances = softmax(scores);
  const order = Array.from(chances.keys()).sort((a, b) => chances[b] - chances[a]).slice(0, 6);
  const high = scores[order[0]];
  const sum = scores.reduce((total, score) => total + Math.exp(score - high), 0);
  const chosen = flow.written[at];
  return html("section", { class: "worked" },
    html("h4", {}, `Worked out: what follows “${flow.labels.decoder[at]}”`),
    html("p", {}, `The highest score, ${written(high)}, is taken off all scores first, which changes no share; then exp, then division by the sum over all ${scores.length} tokens, ${written(sum, 3)}.`),
    html("div", { class: "scrolls" }, html("table", { class: "numbers scores" },
      html("thead", {}, html("tr", {}, ["token", "logit", "exp(logit − max)", "probability"].map((each) => html("th", { scope: "col" }, each)))),
      html("tbody", {}, order.map((token) => html("tr", { class: flow.show(token) === chosen ? "chosen" : null },
        html("th", { scope: "row" }, flow.show(token)),
        html("td", {}, written(scores[token])),
        html("td", {}, written(Math.exp(scores[token] - high), 3)),
        html("td", { class: "bar-cell" }, html("i", { style: { width: `${46 * chances[token]}px` } }), percent(chances[token]))))))),
    html("p", { class: "note" }, chosen === null ? "Nothing is chosen yet." : `“${chosen}” was written here.`));
}
