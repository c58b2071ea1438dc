// The highlight of a position under the pointer: attention weights on the source and on the target, and the edges
// between them.

import { layers, matrixOf, rowOf, columnOf, spread } from "any2any/attention";
import { floats } from "any2any/api";
import { headColour } from "any2any/draw";

/** @import { Matrix } from "any2any/draw/heatmap" */
/** @import { Look } from "any2any/types" */

/**
 * @typedef {{ side: "source"|"target", position: number }} Place
 * @typedef {{ from: Place, to: Place, weight: number }} Edge
 * @typedef {{ source: Float32Array|null, target: Float32Array|null, edges: Edge[] }} Highlight
 */

const NOTHING = { source: null, target: null, edges: [] };

/** The highlight of `place` through `head`.
 * @param {import("any2any/types").Look} look @param {import("any2any/state").Head|null} head @param {Place|null} place @returns {Highlight}
 * @param {Matrix} matrix */
export function highlightOf(look, head, place, matrix = matrixOf(look, head)) {
  if (!matrix || !place || place.position < 0) return NOTHING;
  if (head.kind === "cross") return place.side === "target" ? ofOutput(look, matrix, place) : ofSource(look, matrix, place);
  if (head.stack === "encoder") return place.side === "source" ? withinSource(look, matrix, place) : NOTHING;
  return place.side === "target" ? withinTarget(look, matrix, place) : NOTHING;
}

/** The edges of all heads that are drawn together, each with its head and its colour; null if none are.
 * @param {import("any2any/types").App} app @param {Place|null} place */
export function overlaid({ state: { look, head, overlay } }, place) {
  const entry = overlay.length > 0 && head && layers(look, head.stack, head.kind).find(({ layer }) => layer === head.layer);
  if (!entry) return null;
  const heads = floats(entry.weights).shape[0];
  return overlay.filter((number) => number < heads).flatMap((number) => {
    const one = { stack: head.stack, kind: head.kind, layer: head.layer, head: number };
    const colour = headColour(number, heads);
    return highlightOf(look, one, place).edges.map((edge) => ({ ...edge, head: one, colour }));
  });
}

/** The highlight of an output position, by cross-attention. @param {Look} look @param {Matrix} matrix */
function ofOutput(look, matrix, from) {
  const weights = spread(rowOfOutput(look, matrix, from.position), look.source.positions.length);
  return { source: weights, target: null, edges: edges(from, "source", weights) };
}

/** The highlight of a source position, by the cross-attention of all outputs. @param {Look} look
 * @param {Matrix} matrix */
function ofSource(look, matrix, from) {
  const column = columnOf(matrix, from.position, look.source.positions.length);
  const weights = outputsOf(look, column);
  return { source: null, target: weights, edges: edges(from, "target", weights) };
}

/** @param {Look} look @param {Matrix} matrix */
function withinSource(look, matrix, from) {
  const count = look.source.positions.length;
  const weights = spread(rowOf(matrix, from.position, count), count);
  return { source: weights, target: null, edges: edges(from, "source", weights) };
}

/** The highlight of an output position, by self-attention: key 0 is the begin token, key k the output position k - 1.
 * @param {Look} look @param {Matrix} matrix */
function withinTarget(look, matrix, from) {
  const row = rowOfOutput(look, matrix, from.position);
  const count = look.target.positions.length;
  const weights = row.length === count + 1 ? row.slice(1) : spread(row, count);
  return { source: null, target: weights, edges: edges(from, "target", weights) };
}

/** The row of an output position: row p of the decoder's queries wrote position p; a further row writes the next token.
 * @param {Look} look @param {Matrix} matrix */
export function rowOfOutput(look, matrix, position) {
  const count = look.target.positions.length;
  return rowOf(matrix, position, matrix.rows === count + 1 ? count + 1 : Math.max(1, count));
}

/** @param {Look} look */
function outputsOf(look, column) {
  const count = look.target.positions.length;
  return column.length === count + 1 ? column.slice(0, count) : spread(column, count);
}

const edges = (from, side, weights) =>
  Array.from(weights, (weight, position) => ({ from, to: { side, position }, weight }));
