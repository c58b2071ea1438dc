// Figures of attention weights, and of the difference of two: a matrix with labels for texts; for an image or a
// recording, the weights of the chosen output, drawn over it.

import { html, svg, heatmap, pool, largest, cellAt, tooltip, divergingRgb, sequentialRgb } from "any2any/draw";
import { coveredIn, readable } from "any2any/media/text";
import { matrixOf, firstHead, nameOf, spread } from "any2any/attention";
import { rowOfOutput } from "any2any/highlight";
import { figureOf } from "any2any/media";

/** @import { Look } from "any2any/types" */

/** Height of a label in pixels. */
const LABEL = 11;

/** Largest height of a matrix in pixels. */
const TALLEST = 560;

/** The labels of a head's matrix: [rows, columns].
 * @param {import("any2any/types").Look} look @param {import("any2any/state").Head} head @returns {[string[], string[]]} */
export function labelsOf(look, head) {
  const covered = coveredIn(look.source?.view);
  const source = (look.source?.positions ?? []).map(({ label, region }, i) =>
    label === null && covered === null ? String(i + 1) : readable(label, region, covered).text);
  const written = look.target.positions.map(({ label }, i) => (label === null ? String(i + 1) : readable(label).text));
  if (head.stack === "encoder") return [source, source];
  // Row p belongs to output position p; the keys are the decoder's input: the begin token, then each token.
  return [[...written, "…"], head.kind === "cross" ? source : ["begin", ...written]];
}

/** A head of a look; if the model has no such head, the one that the page shows first.
 * @param {import("any2any/types").Look} look @param {import("any2any/state").Head|null} wanted
 * @returns {{ head: import("any2any/state").Head, matrix: import("any2any/draw/heatmap").Matrix, name: string }|null} */
export function headOf(look, wanted) {
  const head = matrixOf(look, wanted) ? wanted : firstHead(look);
  return head && { head, matrix: matrixOf(look, head), name: nameOf(head) };
}

/** True if a head is drawn over its source rather than as a matrix. @param {Look} look */
export const isPicture = (look, { kind }) => kind === "cross" && !("text" in look.source.view);

/** The weights of output `position`, one for each position of the source. @param {Look} look */
export function weightsOf(look, { matrix }, position) {
  return spread(rowOfOutput(look, matrix, Math.max(0, position)), look.source.positions.length);
}

/** Draws weights over the source of a look. */
export function pictureFigure({ title, look, weights, signed = false, width }) {
  const figure = figureOf({ ...look.source, side: "source", size: look.source.view.image ? "large" : "small" });
  figure.paint(weights, { signed });
  const high = largest(Array.from(weights, Math.abs));
  return html("figure", { class: "map-picture", style: { width: `${width}px` } },
    html("figcaption", {}, title, html("span", { class: "number" }, `, at most ${high.toFixed(3)}`)), figure.element);
}

/** The difference of two matrices of the same shape, pooled as they are; null if the shapes differ. */
export function minusMatrix(one, other) {
  if (one.rows !== other.rows || one.columns !== other.columns) return null;
  const [a, b] = [one, other].map((matrix) => pool(matrix, 512, 512));
  const values = Float32Array.from(a.values, (value, i) => value - b.values[i]);
  return { values, rows: a.rows, columns: a.columns, offset: 0 };
}

/** Draws a matrix.
 * @param {object} what
 * @param {string} what.title
 * @param {import("any2any/draw").Matrix} what.matrix
 * @param {[string[], string[]]} what.labels    of rows and columns
 * @param {number} what.width                   pixels that there are
 * @param {boolean} [what.signed]               blue below zero, orange above
 * @param {number} [what.high]                  what is drawn strongest
 * @param {(row: number, column: number) => any} [what.say]   what the tooltip says of a cell */
export function mapFigure({ title, matrix, labels: [rows, columns], width, signed = false, high, say }) {
  const rowsNamed = rows.length === matrix.rows && matrix.rows * LABEL <= TALLEST;
  const left = rowsNamed ? Math.floor(Math.min(92, 8 + longest(rows))) : 0;
  const cell = Math.min(26, (width - left) / matrix.columns);
  const columnsNamed = columns.length === matrix.columns && cell >= LABEL;
  const top = columnsNamed ? Math.min(92, 8 + longest(columns)) : 0;
  const wide = Math.max(24, Math.floor(cell * matrix.columns));
  const tall = Math.round(Math.min(TALLEST, matrix.rows * Math.max(rowsNamed ? 14 : 2, Math.min(26, cell))));
  const size = { width: `${wide}px`, height: `${tall}px` };
  const canvas = html("canvas", { role: "img", "aria-label": title, style: size });
  const strongest = high ?? largest(Array.from(matrix.values, Math.abs));
  heatmap(canvas, matrix, signed
    ? { low: -strongest || -1, high: strongest || 1, colour: (t) => divergingRgb(2 * t - 1) }
    : { low: 0, high: strongest || 1, colour: sequentialRgb });
  tooltip(canvas, (event) => {
    const at = cellAt(event, canvas, matrix.rows, matrix.columns);
    return at && [`${rows[at.row] ?? at.row + 1} → ${columns[at.column] ?? at.column + 1}: `, say(at.row, at.column)];
  });
  return html("figure", { class: "map", style: { gridTemplateColumns: `${left}px ${wide}px` } },
    html("figcaption", {}, title),
    columnsNamed ? columnNames(columns, wide, top) : html("span"),
    rowsNamed ? rowNames(rows, left, tall) : html("span"), canvas);
}

// Names are SVG, so that a saved figure has them too, turned as they are here.
function columnNames(names, width, height) {
  const step = width / names.length;
  return svg("svg", { class: "names top", width, height }, names.map((name, i) => {
    const x = (i + 0.5) * step + 4;
    return svg("text", { x, y: height - 4, transform: `rotate(-90 ${x} ${height - 4})` }, shortened(name));
  }));
}

function rowNames(names, width, height) {
  const step = height / names.length;
  return svg("svg", { class: "names", width, height }, names.map((name, i) =>
    svg("text", { x: width - 6, y: (i + 0.5) * step + 4, "text-anchor": "end" }, shortened(name))));
}

/** A name shortened to the length of a label. */
export const shortened = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
/** The width of the longest label, in pixels. */
export const longest = (names) => 6.6 * Math.max(...names.map((name) => shortened(name).length));
