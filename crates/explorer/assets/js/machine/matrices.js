// The matrices of a part: what flows through it, and what was learned. Each is a heat map with its shape, its scale
// and the number under the pointer.

import { html, button, replace, divergingRgb, heatmap, sequentialRgb, tooltip, cellAt, diverging, sequential } from "any2any/draw";
import { api, floats } from "any2any/api";
import { extent, matrix, times, written } from "any2any/machine/flow";

const MOST_LABELS = 26;

/** A heat map of a matrix with what belongs to it.
 * @param {{ name: string, shape: string, values: { values, rows, columns }, rows?: string[], columns?: string[],
 *   share?: boolean, mark?: number|null, tall?: number, readout?: (row: number, column: number, value: number) => string }} what
 *   share: amounts from 0 to 1 rather than signed numbers */
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

/** What the values are called for people; others are called by their names. */
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

/** The values of a block, in the order of computation; of heads the chosen one. */
export function valuesOf(block, { flow, head, position }) {
  const part = flow.part(block.part);
  const wanted = { norm: ["norm"], add: ["sum"] }[block.kind];
  return part.values.filter(({ name }) => !wanted || wanted.includes(name)).map(({ name }) => {
    const numbers = flow.value(block.part, name);
    const values = matrix(numbers, Math.min(head, numbers.shape[0] - 1));
    const own = flow.labels[block.stack ?? "decoder"];
    const source = block.attends === "cross";
    const keys = source ? flow.labels.encoder : own;
    const share = SHARES.includes(name);
    const tokens = ["logits", "probabilities"].includes(name);
    const pooled = String(numbers.full) !== String(numbers.shape);
    return heatMap({
      name: IN_WORDS[name] ?? name, shape: times(numbers.full), values, share,
      rows: source && (name === "key" || name === "value") ? keys : own,
      columns: name === "weights" ? keys : undefined,
      mark: source && (name === "key" || name === "value") ? null : position,
      readout: tokens ? (row, column, value) => `after ${own[row] ?? row + 1}: ${flow.show(column)} ${written(value, 3)}` : undefined,
      whole: pooled ? `Drawn as ${times(numbers.shape)}: long inputs are pooled.` : null,
    });
  });
}

/** The parameters of a block, fetched when they are first asked for. */
export function parametersOf(block, { flow, app }) {
  const { parameters } = flow.part(block.part);
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

/** Buttons to choose one of the heads. */
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
