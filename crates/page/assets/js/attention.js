// Attention weights of a look: entries, rows and columns, means over heads, and the rollout.
//
// `look.attention` is a list of { stack, kind, layer, weights: [heads, queries, keys] }. Self-attention of the encoder
// is between source positions. The decoder's queries are the begin token and then each token, so row p belongs to
// output position p; the keys of its self-attention are the same. The server pools very long sequences: then there are
// fewer rows than positions, and a row stands for several.

import { floats } from "any2any/api";
import { largest } from "any2any/draw/heatmap";
import { entropy } from "any2any/numbers";

/** @import { Matrix } from "any2any/draw/heatmap" */
/** @import { Look } from "any2any/types" */

/** The three kinds of attention, in the order of computation. */
export const KINDS = /** @type {const} */ ([
  { stack: "encoder", kind: "self", label: "Encoder", title: "encoder self-attention: source looks at source" },
  { stack: "decoder", kind: "self", label: "Decoder (causal)", title: "decoder self-attention: output looks at earlier output" },
  { stack: "decoder", kind: "cross", label: "Cross", title: "cross-attention: output looks at source" },
]);

/** The layers of one kind, first layer first. @param {Look} look */
export function layers(look, stack, kind) {
  if (!look) return [];
  return look.attention.filter((entry) => entry.stack === stack && entry.kind === kind)
    .sort((a, b) => a.layer - b.layer);
}

/** The KINDS of attention that this model has. @param {Look} look */
export function kinds(look) {
  return KINDS.filter(({ stack, kind }) => layers(look, stack, kind).length > 0);
}

/** The head to begin with: the mean of the last layer's cross-attention, or without a source of its causal
 * self-attention.
 * @param {Look} look
 * @returns {import("any2any/state").Head|null} */
export function firstHead(look) {
  const kind = kinds(look).at(-1);
  if (!kind) return null;
  return { stack: kind.stack, kind: kind.kind, layer: layers(look, kind.stack, kind.kind).at(-1).layer, head: "mean" };
}

/** "Cross · layer 2 · head 3". Layers and heads are counted from 1 for people. */
export function nameOf(head) {
  if (!head) return "";
  const { label } = KINDS.find((each) => each.stack === head.stack && each.kind === head.kind);
  return `${label} · layer ${head.layer + 1} · ${head.head === "mean" ? "mean of heads" : `head ${head.head + 1}`}`;
}

/** One head's weights as a matrix { values, rows, columns, offset } for `heatmap`; null if there is no such head.
 * @param {Look} look
 * @returns {import("any2any/draw/heatmap").Matrix|null} */
export function matrixOf(look, head) {
  const entry = head && layers(look, head.stack, head.kind).find(({ layer }) => layer === head.layer);
  if (!entry) return null;
  const { shape: [heads, rows, columns], values } = floats(entry.weights);
  if (head.head === "mean") return { values: meanOfHeads(entry), rows, columns, offset: 0 };
  return head.head < heads ? { values, rows, columns, offset: head.head * rows * columns } : null;
}

const means = new WeakMap();

function meanOfHeads({ weights }) {
  if (!means.has(weights)) {
    const { shape: [heads, rows, columns], values } = floats(weights);
    const mean = new Float32Array(rows * columns);
    for (let head = 0; head < heads; head += 1) {
      for (let i = 0; i < mean.length; i += 1) mean[i] += values[head * mean.length + i] / heads;
    }
    means.set(weights, mean);
  }
  return means.get(weights);
}

/** The largest weight of all heads of one kind: the common top of their colour scale. @param {Look} look */
export function highest(look, stack, kind) {
  return layers(look, stack, kind).reduce((high, { weights }) => {
    if (!highs.has(weights)) highs.set(weights, largest(floats(weights).values));
    return Math.max(high, highs.get(weights));
  }, 0) || 1;
}

const highs = new WeakMap();

/** The weights of query `row` of `of` queries, one for each key. @param {Matrix} matrix */
export function rowOf(matrix, row, of = matrix.rows) {
  const at = matrix.offset + matrix.columns * scaled(row, of, matrix.rows);
  return matrix.values.slice(at, at + matrix.columns);
}

/** The weights of key `column` of `of` keys, one for each query. @param {Matrix} matrix */
export function columnOf(matrix, column, of = matrix.columns) {
  const at = scaled(column, of, matrix.columns);
  return Float32Array.from({ length: matrix.rows }, (_, row) => matrix.values[matrix.offset + row * matrix.columns + at]);
}

/** A pooled row spread over `count` positions again. */
export function spread(weights, count) {
  if (weights.length === count) return weights;
  return Float32Array.from({ length: count }, (_, i) => weights[scaled(i, count, weights.length)]);
}

const scaled = (index, from, to) => Math.min(to - 1, from === to ? index : Math.floor((index * to) / from));

/** Mean entropy of the rows, in bits. @param {import("any2any/draw/heatmap").Matrix} matrix */
export function meanEntropy({ values, offset = 0, rows, columns }) {
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    sum += entropy(values.subarray(offset + row * columns, offset + (row + 1) * columns));
  }
  return sum / (rows || 1);
}

/** Attention rollout (Abnar and Zuidema, 2020): how much of each input flows to each position through all layers
 * up to `layer`, if each layer passes on half of what it attends to and half of what was there. A product of
 * (mean over heads + identity) / 2. For cross attention: that layer's mean over the encoder's whole rollout.
 * Long sequences are followed block by block, or the products would take seconds.
 * @param {Look} look
 * @returns {{ values: Float32Array, rows: number, columns: number, offset: 0 }|null} */
export function rollout(look, stack, kind, upTo = Infinity) {
  const entry = layers(look, stack, kind).filter(({ layer }) => layer <= upTo).at(-1);
  if (!entry) return null;
  if (!rollouts.has(entry.weights)) {
    rollouts.set(entry.weights, kind === "cross" ? crossRollout(look, entry) : ownRollout(look, entry));
  }
  return rollouts.get(entry.weights);
}

const rollouts = new WeakMap();

/** @param {Look} look */
function ownRollout(look, { stack, kind, layer, weights }) {
  const { shape: [, rows, columns] } = floats(weights);
  const mean = coarse({ values: meanOfHeads({ weights }), rows, columns }, BLOCKS, BLOCKS);
  const step = withResidual(mean.values, mean.rows);
  const below = layer > 0 ? rollout(look, stack, kind, layer - 1) : null;
  const values = below ? multiply(step, below.values, mean.rows, mean.rows, mean.rows) : step;
  return { values, rows: mean.rows, columns: mean.rows, offset: 0 };
}

/** @param {Look} look */
function crossRollout(look, { weights }) {
  const { shape: [, rows, columns] } = floats(weights);
  const mean = coarse({ values: meanOfHeads({ weights }), rows, columns }, Infinity, BLOCKS);
  const encoder = rollout(look, "encoder", "self");
  if (!encoder || encoder.rows !== mean.columns) return { ...mean, offset: 0 };
  return { values: multiply(mean.values, encoder.values, rows, mean.columns, mean.columns), rows, columns: mean.columns, offset: 0 };
}

/** The most blocks of positions in a rollout. */
const BLOCKS = 256;

/** Attention between blocks of positions: the mean over a block's queries of the sum over a block's keys, so that
 * rows still sum to one. */
function coarse({ values, rows, columns }, mostRows, mostColumns) {
  const down = Math.max(1, Math.ceil(rows / mostRows));
  const across = Math.max(1, Math.ceil(columns / mostColumns));
  if (down === 1 && across === 1) return { values, rows, columns };
  const [height, width] = [Math.ceil(rows / down), Math.ceil(columns / across)];
  const result = new Float32Array(height * width);
  for (let row = 0; row < rows; row += 1) {
    const to = Math.floor(row / down);
    const share = 1 / Math.min(down, rows - to * down);
    for (let column = 0; column < columns; column += 1) {
      result[to * width + Math.floor(column / across)] += share * values[row * columns + column];
    }
  }
  return { values: result, rows: height, columns: width };
}

function withResidual(weights, size) {
  const result = Float32Array.from(weights, (weight) => weight / 2);
  for (let i = 0; i < size; i += 1) result[i * size + i] += 0.5;
  return result;
}

/** [rows, inner] × [inner, columns]. */
export function multiply(left, right, rows, inner, columns) {
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i += 1) {
    for (let k = 0; k < inner; k += 1) {
      const factor = left[i * inner + k];
      if (factor === 0) continue;
      for (let j = 0; j < columns; j += 1) result[i * columns + j] += factor * right[k * columns + j];
    }
  }
  return result;
}
