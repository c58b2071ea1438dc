// A heat map with labels of its rows and columns, linked to pointer and keyboard.

import { html, svg, replace } from "any2any/draw/elements";
import { heatmap, cellAt, largest } from "any2any/draw/heatmap";
import { minus } from "any2any/numbers";
import { tooltip } from "any2any/draw/tooltip";

const TALLEST = 560;

/** The most labels that are readable; beyond, only the tooltip names the cells. */
const MOST_LABELS = 64;

/**
 * @param {object} what
 * @param {import("any2any/draw/heatmap").Matrix} what.matrix
 * @param {string[]} what.rowLabels
 * @param {string[]} what.columnLabels
 * @param {number} [what.low] @param {number} [what.high] @param {(t: number) => number[]} [what.colour]
 * @param {(cell: { row: number, column: number }|null) => void} [what.onHover]
 * @param {(cell: { row: number, column: number }) => void} [what.onPick]
 * @param {number} [what.widest]   width of the map in pixels at most
 * @returns {{ element: HTMLElement, mark: (marks: { row?: number|null, column?: number|null }) => void }} */
export function matrixFigure({ matrix, rowLabels, columnLabels, low, high, colour, onHover, onPick, widest = roomFor() }) {
  const { rows, columns } = matrix;
  const { width, height } = sizeOf(rows, columns, widest);
  const canvas = html("canvas", { role: "img", "aria-label": `matrix of ${rows} rows and ${columns} columns` });
  heatmap(canvas, matrix, { low, high, colour });
  const bars = svg("svg", { class: "matrix-marks", viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const area = html("div", { class: "matrix-area", style: { width: `${width}px`, height: `${height}px` }, tabindex: onHover ? 0 : null }, canvas, bars);
  const rowNames = labelList(rowLabels, "row-labels", height / rows >= 11);
  const columnNames = slantedLabels(columnLabels, width, width / columns >= 11);
  rowNames.style.height = `${height}px`;
  const bar = colourBar({ low: low ?? 0, high: high ?? (largest(pooledOf(matrix)) || 1), colour });
  const element = html("div", { class: "matrix" }, html("div"), columnNames, rowNames, area, html("div"), bar);

  let at = null;
  const point = (next) => {
    if (at?.row === next?.row && at?.column === next?.column) return;
    at = next;
    onHover?.(next);
  };
  tooltip(area, (event) => {
    const found = cellAt(event, canvas, rows, columns);
    point(found);
    return found && describe(matrix, found, rowLabels, columnLabels);
  });
  area.addEventListener("pointerleave", () => point(null));
  area.addEventListener("blur", () => point(null));
  area.addEventListener("click", (event) => {
    const found = cellAt(event, canvas, rows, columns);
    if (found) onPick?.(found);
  });
  area.addEventListener("keydown", (event) => moveOn(event, at, rows, columns, point, onPick));

  function mark({ row = null, column = null }) {
    replace(bars,
      row === null ? null : svg("rect", { x: 0, y: row, width: columns, height: 1, "vector-effect": "non-scaling-stroke" }),
      column === null ? null : svg("rect", { x: column, y: 0, width: 1, height: rows, "vector-effect": "non-scaling-stroke" }));
    [...rowNames.children].forEach((each, i) => each.classList.toggle("marked", i === row));
    [...columnNames.children].forEach((each, i) => each.classList.toggle("marked", i === column));
  }
  return { element, mark };
}

/** A bar of all colours of a map between the least and the largest number.
 * @param {{ low?: number, high: number, colour?: (t: number) => number[] }} scale */
export function colourBar({ low = 0, high, colour }) {
  const canvas = html("canvas", { "aria-hidden": "true" });
  const steps = 64;
  heatmap(canvas, { values: Float32Array.from({ length: steps }, (_, i) => i / (steps - 1)), rows: 1, columns: steps }, { low: 0, high: 1, colour });
  const number = (value) => html("span", { class: "number" }, value === 0 ? "0" : minus(value.toPrecision(2)));
  return html("div", { class: "colour-bar", role: "img", "aria-label": `colours from ${low} to ${high.toPrecision(2)}` }, number(low), canvas, number(high));
}

/** The numbers of a matrix. */
const pooledOf = ({ values, offset = 0, rows, columns }) => values.subarray(offset, offset + rows * columns);

/** The largest width of a map, which on narrow screens stays within them beside its labels. */
const roomFor = () => Math.max(180, Math.min(720, document.documentElement.clientWidth - 170));

/** Square cells if they fit; if a side is short, cells that are large enough for pointer and label. */
function sizeOf(rows, columns, widest) {
  const cell = Math.min(30, widest / columns, TALLEST / rows);
  return {
    width: Math.max(cell * columns, Math.min(widest, 16 * columns)),
    height: Math.max(cell * rows, Math.min(TALLEST, 16 * rows)),
  };
}

function labelList(labels, name, roomy) {
  const shown = roomy && labels.length <= MOST_LABELS ? labels : [];
  return html("div", { class: name, "aria-hidden": "true" }, shown.map((label) => html("span", {}, label)));
}

/** The most letters of a slanted label. */
const LONGEST = 14;

/** Labels above the columns, slanted so that they do not run into one another. */
function slantedLabels(labels, width, roomy) {
  const shown = roomy && labels.length <= MOST_LABELS ? labels.map((label) => (label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label)) : [];
  const longest = shown.reduce((most, label) => Math.max(most, label.length), 0);
  const height = shown.length ? 14 + 5.4 * longest : 0;
  return svg("svg", { class: "column-labels", width, height, "aria-hidden": "true" }, shown.map((label, i) =>
    svg("text", { transform: `translate(${((i + 0.62) * width) / shown.length}, ${height - 3}) rotate(-48)` }, label)));
}

function describe({ values, offset = 0, columns }, { row, column }, rowLabels, columnLabels) {
  const value = values[offset + row * columns + column];
  return `${rowLabels[row] ?? row} → ${columnLabels[column] ?? column}: ${value.toPrecision(3)}`;
}

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function moveOn(event, at, rows, columns, point, onPick) {
  if (event.key === "Enter" && at) return onPick?.(at);
  const move = MOVES[event.key];
  if (!move) return;
  event.preventDefault();
  event.stopPropagation();
  const clamp = (value, most) => Math.max(0, Math.min(most - 1, value));
  point({ row: clamp((at?.row ?? -move[0]) + move[0], rows), column: clamp((at?.column ?? -move[1]) + move[1], columns) });
}
