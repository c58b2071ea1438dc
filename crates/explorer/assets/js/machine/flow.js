// What flows through the model: the answer of /api/machine, read by part and by name.
//
// A decoder is causal: what it computed for the first tokens does not change when more follow. So the answer for
// some tokens contains that for any beginning of them, and stepping back needs no request.

import { floats } from "any2any/api";

/**
 * @typedef {{ shape: number[], values: Float32Array, full: number[] }} Numbers   full: the shape before pooling
 *
 * @typedef {object} Flow
 * @property {object[]} parts
 * @property {(id: string) => object|null} part
 * @property {(id: string, name: string) => Numbers|null} value
 * @property {number} rows            positions of the decoder
 * @property {{ encoder: string[], decoder: string[] }} labels   how each position reads
 * @property {{ encoder: boolean, decoder: boolean }} frames    whether a stack is fed frames rather than tokens
 * @property {(token: number) => string} show   how a token reads
 * @property {object|null} sourceFrames   what the stem is fed, as a matrix
 * @property {(string|null)[]} written   what was written at each position of the decoder; null: nothing yet
 */

/** Reads an answer.
 * @param {object[]} parts
 * @param {{ rows: number|null, labels: object, written: (string|null)[], frames: object }} of   rows: keep so many of the decoder's
 * @returns {Flow} */
export function flowOf(parts, { rows, labels, written, frames }) {
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
  return { parts, part, value, labels, written, frames, rows: rows ?? exit?.shape[0] ?? labels.decoder.length };
}

/** Whether the answer is whole, so that beginnings can be cut out of it: long inputs come pooled. */
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

/** The largest amount, whatever its sign; 1 when all is zero. */
export function extent(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/** "11 × 128". */
export const times = (shape) => shape.join(" × ");

/** 0.31, −1.2: a number for people, with a true minus. */
export function written(value, digits = 2) {
  return value.toFixed(digits).replace("-", "−");
}
