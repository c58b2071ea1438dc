// Activations of the model: the answer of /api/machine, read by part and by name.
//
// A decoder is causal: its activations at the first tokens do not change when more follow. So the answer for some
// tokens contains the answer for any beginning of them, and stepping back needs no request.

import { floats } from "any2any/api";

/** @import { App, Look } from "any2any/types" */

/**
 * @typedef {{ shape: number[], values: Float32Array, full: number[] }} Numbers   full: the shape before pooling
 *
 * @typedef {object} Activations
 * @property {import("any2any/types").Part[]} parts
 * @property {(id: string) => import("any2any/types").Part|null} part
 * @property {(id: string, name: string) => Numbers|null} value
 * @property {number} rows            positions of the decoder
 * @property {{ encoder: string[], decoder: string[] }} labels   how each position reads
 * @property {{ encoder: boolean, decoder: boolean }} frames    whether a stack is fed frames rather than tokens
 * @property {(token: number) => string} show   how a token reads
 * @property {{ values: Float32Array, rows: number, columns: number }|null} sourceFrames   what the stem is fed, as a matrix
 * @property {(string|null)[]} written   what was written at each position of the decoder; null: nothing yet
 */

/** Reads an answer.
 * @param {import("any2any/types").Part[]} parts
 * @param {Pick<Activations, "labels"|"written"|"frames"|"show"|"sourceFrames"> & { rows: number|null }} of   rows: keep so many of the decoder's
 * @returns {Activations} */
export function activationsOf(parts, { rows, ...read }) {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const part = (id) => byId.get(id) ?? null;
  const value = (id, name) => {
    const found = part(id);
    const packed = found?.values.find((each) => each.name === name);
    if (!packed) return null;
    const numbers = { ...floats(packed.data), full: packed.shape };
    return rows === null ? numbers : beginning(numbers, found, name, rows);
  };
  const exit = part("linear")?.values[0];
  return { ...read, parts, part, value, rows: rows ?? exit?.shape[0] ?? read.labels.decoder.length };
}

/** True if the answer is whole, so that beginnings can be sliced from it: long inputs come pooled. */
export function isWhole(parts) {
  return parts.every((part) => part.values.every((each) => String(each.shape) === String(each.data.shape)));
}

function beginning(numbers, part, name, rows) {
  const cross = part.id.endsWith("cross_attention");
  const ofEncoder = part.stack === "encoder" || (cross && (name === "key" || name === "value"));
  if (ofEncoder || numbers.shape.length < 2) return numbers;
  const shape = [...numbers.shape];
  const positions = shape.length - 2;
  shape[positions] = Math.min(rows, shape[positions]);
  if (name === "weights" && !cross) shape[positions + 1] = Math.min(rows, shape[positions + 1]);
  return corner(numbers, shape);
}

/** The leading corner of an array of two or three dimensions. */
function corner({ shape: from, values }, shape) {
  if (String(from) === String(shape)) return { shape, values, full: shape };
  const [blocks, rows, columns] = [1, ...shape].slice(-3);
  const [, fromRows, fromColumns] = [1, ...from].slice(-3);
  const result = new Float32Array(blocks * rows * columns);
  for (let block = 0; block < blocks; block += 1) {
    for (let row = 0; row < rows; row += 1) {
      const at = (block * fromRows + row) * fromColumns;
      result.set(values.subarray(at, at + columns), (block * rows + row) * columns);
    }
  }
  return { shape, values: result, full: shape };
}

/** One head of [heads, rows, columns], or all of [rows, columns], as a matrix.
 * @returns {{ values: Float32Array, rows: number, columns: number }} */
export function matrix(numbers, head = 0) {
  const [, rows, columns] = [1, ...numbers.shape].slice(-3);
  const at = numbers.shape.length === 3 ? head * rows * columns : 0;
  return { values: numbers.values.subarray(at, at + rows * columns), rows, columns };
}

/** One row of a matrix. */
export function row({ values, columns }, at) {
  return values.subarray(at * columns, (at + 1) * columns);
}

/** Mean over heads of [heads, rows, columns], as a matrix. */
export function meanOfHeads(numbers) {
  const [heads, rows, columns] = numbers.shape;
  const values = new Float32Array(rows * columns);
  numbers.values.forEach((value, i) => { values[i % values.length] += value / heads; });
  return { values, rows, columns };
}

/** The largest absolute value; 1 if all are zero. */
export function extent(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/** A shape as text, "11 × 128". */
export const times = (shape) => shape.join(" × ");

/** A number as text, with a true minus: 0.31, −1.2. */
export function written(value, digits = 2) {
  return value.toFixed(digits).replace("-", "−");
}

// ---- how positions read ----

/** @param {{ parts: import("any2any/types").Part[], whole: boolean }} asked @param {{ app: import("any2any/types").App, look: import("any2any/types").Look, task: import("any2any/types").Task }} page
 * @returns {Activations} */
export function readActivations(asked, { app, look, task }) {
  const { tokens, vocabulary } = app.state;
  const ofTokens = task.target.tokens;
  // Behind the end token there is nothing to ask for.
  const fed = tokens.length + (tokens.length > 0 && tokens.at(-1) === vocabulary?.end ? 0 : 1);
  const rows = ofTokens && !task.aligned && asked.whole ? fed : null;
  const count = rows ?? asked.parts.find(({ id }) => id === "linear").values[0].shape[0];
  return activationsOf(asked.parts, {
    rows,
    frames: { encoder: Boolean(look.source) && !task.source?.tokens, decoder: !ofTokens },
    labels: { encoder: sourceLabels(look), decoder: inputLabels(look, task, count, app) },
    written: Array.from({ length: count }, (_, i) => (ofTokens ? look.target.positions[i]?.label ?? null : `frame ${i + 1}`)),
    show: (token) => app.label(token),
    sourceFrames: framesOf(look),
  });
}

/** @param {Look} look */
function sourceLabels(look) {
  return look.source?.positions.map(({ label }, i) => label ?? `position ${i + 1}`) ?? [];
}

/** The input of the decoder: begin and the tokens so far, or, for a per-position task, the positions of the source.
 * @param {Look} look @param {App} app */
function inputLabels(look, task, count, app) {
  if (task.aligned) return sourceLabels(look).slice(0, count);
  const before = (i) => {
    if (task.target.tokens) return i === 0 ? app.label(app.state.vocabulary.begin) : look.target.positions[i - 1]?.label;
    return i === 0 ? "zeros" : `frame ${i}`;
  };
  return Array.from({ length: count }, (_, i) => before(i) ?? "…");
}

/** @param {Look} look */
function framesOf(look) {
  if (!look.source?.frames) return null;
  const { shape: [rows, columns], values } = floats(look.source.frames);
  return { values, rows, columns };
}

/**
 * @typedef {object} Drawn     what figure and texts are drawn from
 * @property {Activations} activations
 * @property {import("any2any/types").Model} model
 * @property {import("any2any/types").Task} task
 * @property {import("any2any/types").App} app
 * @property {{ part: string|null, head: number, query: number|null, layer: number, folded: boolean, stop: number|null }} view
 * @property {import("any2any/machine/architecture").Architecture} architecture
 * @property {import("any2any/machine/architecture").Block[]} all
 * @property {boolean} aligned
 * @property {(key: string) => void} open
 * @property {(head: number) => void} setHead
 * @property {(query: number) => void} setQuery
 * @property {(layer: number) => void} setLayer
 *
 * @typedef {Drawn & { head: number, position: number }} Worked   and what is worked out
 */

/** The position of the worked example: the chosen one, else the one that the page explains, else the last.
 * @param {import("any2any/machine/architecture").Block} block @param {Drawn} drawn */
export function positionOf(block, { activations, app, view }) {
  const stack = block.stack ?? "decoder";
  const last = activations.labels[stack].length - 1;
  if (stack === "encoder") return Math.min(view.query ?? Math.floor(last / 2), last);
  return Math.max(0, Math.min(app.position(), last));
}
