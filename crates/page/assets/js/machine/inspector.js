// The inspector of a part of the figure: its explanation, a worked example, its activations and parameters; and the
// welcome before a part is opened.

import { html, button, replace, divergingRgb, heatmap, sequentialRgb, tooltip, cellAt, diverging, sequential } from "any2any/draw";
import { api, floats } from "any2any/api";
import { nameOf } from "any2any/machine/architecture";
import { extent, matrix, positionOf, times, written } from "any2any/machine/activations";
import { allHeads, explainAttention, headChoice, workedAttention } from "any2any/machine/attention";
import { explainEmbedding, explainPositions } from "any2any/machine/embedding";
import { explainFeedForward } from "any2any/machine/feed_forward";
import { explainCells, explainRecurrentAttention } from "any2any/machine/lstm";
import { explainAdd, explainAddNorm, explainNorm } from "any2any/machine/residual_stream";
import { explainLinear, explainSoftmax, workedSoftmax } from "any2any/machine/softmax";

/** @import { Block } from "any2any/machine/architecture" */

/** The open part. @param {import("any2any/machine/architecture").Block} block @param {import("any2any/machine/activations").Drawn} given @returns {Node[]} */
export function detail(block, given) {
  const { activations, view } = given;
  const { text, formula: said, into, out } = explain(block, given);
  const position = positionOf(block, given);
  const weights = block.kind === "attention" ? activations.value(block.part, "weights") : null;
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

/** A menu of positions. In the decoder it sets the position of the whole page, which all figures follow. @param {Block}
 * block */
function queryChoice(block, position, { activations, app, setQuery }) {
  const stack = block.stack ?? "decoder";
  const encoder = stack === "encoder";
  const menu = html("select", { onchange: (event) => {
    const at = Number(event.target.value);
    if (encoder) setQuery(at);
    else app.choose(Math.min(at, app.count() - 1));
  } }, activations.labels[stack].map((label, i) => html("option", { value: i, selected: i === position },
    encoder ? label : `${label}${activations.written[i] === null ? "" : `  (then: ${activations.written[i]})`}`)));
  return html("label", { class: "query-choice" }, encoder || block.kind === "attention" ? "Who asks: " : "After: ", menu);
}

// ---- one explanation for each kind of part ----

/** @typedef {{ text: string[], formula: string|null, into: string, out: string }} Explanation */

/** @param {import("any2any/machine/architecture").Block} block @param {import("any2any/machine/activations").Drawn} of @returns {Explanation} */
function explain(block, of) {
  const facts = factsOf(block, of);
  return EXPLAIN[block.kind](block, facts);
}

function factsOf({ stack, part }, { activations, model, task }) {
  const d = model.d_model;
  const n = (stack === "encoder" ? activations.labels.encoder : activations.labels.decoder).length;
  const inside = activations.part(part);
  const shape = (name) => times(activations.value(part, name)?.full ?? []);
  const has = (word) => inside.parameters.some(({ name }) => name.includes(word));
  return { activations, model, task, d, n, shape, m: activations.labels.encoder?.length ?? 0, has, decoder: stack !== "encoder", inside,
    stream: times([n, d]), frames: activations.frames[stack ?? "decoder"], name: stack === "encoder" ? "encoder" : "decoder" };
}

const EXPLAIN = {
  embedding: explainEmbedding,
  positions: explainPositions,
  attention: (block, facts) => (facts.model.body === "lstm" ? explainRecurrentAttention(facts) : explainAttention(block, facts)),
  norm: explainNorm,
  add: explainAdd,
  add_norm: explainAddNorm,
  feed_forward: explainFeedForward,
  cells: explainCells,
  linear: explainLinear,
  softmax: explainSoftmax,
};

/** Formulas in plain typography: `x_{i}` and `Q K^{T}` become subscripts and superscripts.
 * @param {string} text @returns {HTMLElement} */
export function formula(text) {
  const pieces = text.split(/([_^]\{[^}]*\})/).map((piece) => {
    const [, kind, inside] = /^([_^])\{([^}]*)\}$/.exec(piece) ?? [];
    return kind ? html(kind === "_" ? "sub" : "sup", {}, inside) : piece;
  });
  return html("p", { class: "formula" }, pieces);
}

// ---- matrices ----

const MOST_LABELS = 26;

/** A heat map of a matrix with its name, shape, labels and readout.
 * @param {{ name: string, shape: string, values: import("any2any/draw/heatmap").Matrix, rows?: string[], columns?: string[], whole?: string|null,
 *   share?: boolean, mark?: number|null, tall?: number, readout?: (row: number, column: number, value: number) => string }} what
 *   share: amounts from 0 to 1 rather than signed numbers; whole: a note where it is not drawn whole */
export function heatMap({ name, shape, values, rows, columns, share = false, mark = null, tall, readout, whole }) {
  const canvas = html("canvas", { role: "img", "aria-label": `${name}, ${shape}` });
  const most = share ? Math.max(...values.values, 1e-9) : extent(values.values);
  heatmap(canvas, values, share
    ? { low: 0, high: most, colour: sequentialRgb, most: 360 }        // a lone large share must not fall between pixels
    : { low: -most, high: most, colour: (t) => divergingRgb(2 * t - 1) });
  const labelled = rows && rows.length === values.rows && values.rows <= MOST_LABELS;
  const lettered = columns && columns.length === values.columns && values.columns <= MOST_LABELS;
  const line = labelled ? 17 : Math.max(1, Math.min(6, 220 / values.rows));
  canvas.style.height = `${Math.max(12, tall ?? Math.min(420, line * values.rows))}px`;
  tooltip(canvas, (event) => {
    const cell = cellAt(event, canvas, values.rows, values.columns);
    if (!cell) return null;
    const value = values.values[cell.row * values.columns + cell.column];
    if (readout) return readout(cell.row, cell.column, value);
    const row = rows?.[cell.row] ?? (values.rows > 1 ? `row ${cell.row + 1}` : null);
    const column = columns?.[cell.column] ?? `number ${cell.column + 1} of ${values.columns}`;
    return `${[row, column].filter(Boolean).join(" · ")}: ${written(value, 3)}`;
  });
  return html("figure", { class: "machine-matrix" },
    html("figcaption", {}, html("b", {}, name), html("span", { class: "number" }, shape), scale(most, share)),
    html("div", { class: labelled ? "matrix-grid labelled" : "matrix-grid" },
      labelled ? html("div", { class: "row-labels" }, rows.map((label, i) =>
        html("span", { class: i === mark ? "marked" : null, title: label }, label))) : null,
      canvas,
      lettered ? html("div", { class: "column-labels" }, columns.map((label) =>
        html("span", { title: label }, label))) : null),
    whole ? html("p", { class: "note" }, whole) : null);
}

function scale(most, share) {
  const steps = Array.from({ length: 9 }, (_, i) => i / 8);
  return html("span", { class: "scale", "aria-hidden": "true" },
    html("i", {}, share ? "0" : written(-most, 1)),
    steps.map((t) => html("b", { style: { background: share ? sequential(t) : diverging(2 * t - 1) } })),
    html("i", {}, share ? written(most, 2) : written(most, 1)));
}

/** The names of activations for people; others are shown by their own names. */
const IN_WORDS = {
  positions: "what is added",
  sum: "the stream, after the sum",
  norm: "normalised",
  query: "queries Q",
  key: "keys K",
  value: "values V",
  weights: "weights, after the softmax",
  context: "mixed values",
  inner: "inside, after the activation",
  hidden: "hidden: what is shown",
  cell: "cell: the memory",
};

const SHARES = ["weights", "probabilities", "input gate", "forget gate", "output gate"];

/** The activations of a block, in the order of computation, of the chosen head. @param {Block} block */
export function valuesOf(block, { activations, head, position }) {
  const part = activations.part(block.part);
  const wanted = { norm: ["norm"], add: ["sum"] }[block.kind];
  return part.values.filter(({ name }) => !wanted || wanted.includes(name)).map(({ name }) => {
    const numbers = activations.value(block.part, name);
    const values = matrix(numbers, Math.min(head, numbers.shape[0] - 1));
    const own = activations.labels[block.stack ?? "decoder"];
    const source = block.attends === "cross";
    const keys = source ? activations.labels.encoder : own;
    const share = SHARES.includes(name);
    const tokens = ["logits", "probabilities"].includes(name);
    const pooled = String(numbers.full) !== String(numbers.shape);
    return heatMap({
      name: IN_WORDS[name] ?? name, shape: times(numbers.full), values, share,
      rows: source && (name === "key" || name === "value") ? keys : own,
      columns: name === "weights" ? keys : undefined,
      mark: source && (name === "key" || name === "value") ? null : position,
      readout: tokens ? (row, column, value) => `after ${own[row] ?? row + 1}: ${activations.show(column)} ${written(value, 3)}` : undefined,
      whole: pooled ? `Drawn as ${times(numbers.shape)}: long inputs are pooled.` : null,
    });
  });
}

/** The parameters of a block, fetched on first use. @param {Block} block */
export function parametersOf(block, { activations, app }) {
  const { parameters } = activations.part(block.part);
  const total = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  if (parameters.length === 0) return html("p", { class: "note" }, "Nothing is learned here.");
  const list = html("div", { class: "matrices" });
  const count = parameters.length === 1 ? "one array" : `${parameters.length} arrays`;
  const details = html("details", { class: "learned" },
    html("summary", {}, `What was learned here: ${total.toLocaleString("en")} numbers in ${count}`), list);
  details.addEventListener("toggle", () => {
    if (details.open && list.childElementCount === 0) replace(list, parameters.map((each) => parameter(each, app)));
  });
  return details;
}

function parameter({ name, shape }, { state: { run, checkpoint } }) {
  const short = name.split(".").slice(-2).join(".");
  const place = html("div", { class: "parameter", title: name }, html("p", { class: "note" }, `${short} · ${times(shape)} …`));
  api.parameter({ run, checkpoint, name }).then(
    (answer) => replace(place, drawn(short, shape, answer)),
    (error) => replace(place, html("p", { class: "note" }, `${short} · ${times(shape)}: ${error.message}`)),
  );
  return place;
}

function drawn(name, shape, answer) {
  const { shape: sizes, values } = floats(answer);
  const columns = sizes.at(-1);
  const pooled = String(answer.full_shape ?? shape) !== String(sizes);
  const place = (row, column) => (sizes.length === 1 ? `number ${column + 1}` : `row ${row + 1}, column ${column + 1}`);
  const where = (row, column) => (pooled ? "mean of a block" : place(row, column));
  return heatMap({
    name,
    shape: times(shape),
    values: { values, rows: values.length / columns, columns },
    tall: sizes.length === 1 ? 14 : undefined,
    readout: (row, column, value) => `${where(row, column)}: ${written(value, 4)}`,
  });
}

/** Welcome: the model in words. @param {import("any2any/machine/activations").Drawn} given @param {() => void} tour begins the tour @returns {Node[]} */
export function welcome({ model, architecture: { stacks } }, tour) {
  const ways = stacks.length > 1
    ? "the source enters at the left, what has been written at the right, and what comes next leaves at the top"
    : "what has been written enters below, and what comes next leaves at the top";
  return [
    html("h3", {}, "What you see"),
    html("p", {}, `This model is ${BODIES[model.body]}. Data flows upwards: ${ways}.`),
    html("p", {}, "The strips are the real numbers for your input, a column for each position. Point at one to read them; open a box to see what it does, its matrices and what it has learned."),
    html("table", { class: "numbers facts" }, facts(model).map(([name, value]) =>
      html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, String(value))))),
    html("p", {}, button("Take the tour", tour, { class: "primary", title: "A tour of the figure, in about ten stops" })),
  ];
}

const BODIES = {
  transformer: "a transformer with encoder and decoder",
  decoder_only: "a transformer that is only a decoder",
  lstm: "a recurrent network (LSTM), the transformer's predecessor",
};

function facts(model) {
  return [
    ["width of every vector, d_model", model.d_model],
    ["inner width of feed forward, d_ff", model.d_ff || null],
    ["heads of each attention", model.heads || null],
    ["encoder layers", model.encoder_layers || null],
    ["decoder layers", model.decoder_layers],
    ["normalisation", model.norm && (model.norm === "post" ? "after each sum, as in the paper" : "before each step")],
    ["positions", model.positions],
    ["numbers learned", model.parameters.toLocaleString("en")],
  ].filter(([, value]) => value);
}
