// Attention in the figure: self-attention and cross-attention explained, the choice of a head, and one query of one
// head worked out. The page computes its scores and weights itself, and compares them with the model's.

import { html, button, svg, divergingRgb, heatmap, sequentialRgb } from "any2any/draw";
import { percent, softmax } from "any2any/numbers";
import { extent, matrix, row, times, written } from "any2any/machine/activations";
import { picture } from "any2any/machine/residual_stream";

export function explainAttention({ attends, stack }, { model, n, m, stream, d, task: { per_position: perPosition } }) {
  const width = d / model.heads;
  const cross = attends === "cross";
  const keys = cross ? m : n;
  const who = cross
    ? "This is where the two halves meet. Each position of the decoder asks a question of the whole source: its query is compared with a key from every position that the encoder has read, and the values of those that fit are brought over."
    : stack === "encoder"
      ? "Each position looks at all positions of the source, itself included, and takes over what helps to understand it: a verb finds its subject, a pronoun whom it stands for."
      : perPosition ? "Each position looks at itself and at those before it; later ones are masked, as in a decoder that writes word by word."
      : "Each position looks at what has been written before it, and at itself. Later positions are masked, since they are not written yet when the model has to go on: their weights are zero, the empty triangle in the picture.";
  return {
    text: [
      who,
      `Three matrices make of each vector a query (what am I looking for?), a key (what do I offer?) and a value (what do I hand over?). ${model.heads} heads do this at once, each with ${width} of the ${d} numbers and with weights of its own, so that one can watch word order while another finds subjects. A last matrix mixes what they found.`,
      ...(model.positions === "rotary" && !cross ? ["Queries and keys are turned by an angle that grows with the position, so their dot product knows the distance between them. The numbers below are those after the turn."] : []),
      ...(model.positions === "alibi" && !cross ? ["Every step of distance costs a score something, in each head another amount (ALiBi): that is how this model knows what is near."] : []),
    ],
    formula: "head = softmax(Q K^{T} / √d_{head}) V,   output = [head_{1} … head_{h}] W_{O}",
    into: cross ? `${stream} (queries), ${times([m, d])} (keys and values)` : stream,
    out: `weights ${times([model.heads, n, keys])}, then ${stream}`,
  };
}

/** Buttons that choose one of the heads. */
export function headChoice(heads, head, choose) {
  return html("div", { class: "segmented", role: "group", "aria-label": "Head" }, Array.from({ length: heads }, (_, i) =>
    button(`head ${i + 1}`, () => choose(i), { "aria-pressed": String(i === head), title: `Show head ${i + 1}` })));
}

/** The weights of all heads side by side, each a button. */
export function allHeads(numbers, head, choose) {
  const tile = (i) => {
    const canvas = html("canvas");
    heatmap(canvas, matrix(numbers, i), { low: 0, colour: sequentialRgb, most: 200 });
    const name = numbers.shape[0] === 1 ? "weights" : `head ${i + 1}`;
    return button([canvas, html("span", {}, name)], () => choose(i), {
      class: "head-tile", "aria-pressed": String(i === head), title: `Show ${name}`,
    });
  };
  return html("div", { class: "heads" }, Array.from({ length: numbers.shape[0] }, (_, i) => tile(i)));
}

const MOST = 14;

/** The scores, weights and mixed values of one query, from its own and the keys' numbers.
 * @param {Record<"query"|"key"|"value", { values: Float32Array, rows: number, columns: number }>} head   matrices of one head
 * @param {{ at: number, causal: boolean, slope?: number }} options   slope: what a step of distance costs, for ALiBi */
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

/** The slope of ALiBi for a head, by which a score falls with each step of distance: 2^(−8 (head + 1) / heads) (Press et
 * al. 2022). */
const slopeOf = (model, attends, head) => (model.positions === "alibi" && attends === "self" ? 2 ** ((-8 * (head + 1)) / model.heads) : 0);

/** The computation of one query in a head, step by step; null if queries and keys are pooled.
 * @param {import("any2any/machine/architecture").Block} block @param {import("any2any/machine/activations").Worked} drawn */
export function workedAttention(block, { activations, model, head, position }) {
  const numbers = ["query", "key", "value", "weights", "context"].map((name) => activations.value(block.part, name));
  if (numbers.some((each) => !each || String(each.full) !== String(each.shape))) return null;
  const [query, key, value, weights, context] = numbers.map((each) => matrix(each, Math.min(head, each.shape[0] - 1)));
  const at = Math.min(position, query.rows - 1);
  const causal = block.stack === "decoder" && block.attends === "self";
  const slope = slopeOf(model, block.attends, head);
  const found = attend({ query, key, value }, { at, causal, slope });
  const keys = block.attends === "cross" ? activations.labels.encoder : activations.labels[block.stack];
  const asks = activations.labels[block.stack][at];
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

/** The first four numbers as text, and a picture of all. */
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
