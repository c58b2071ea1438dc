// The map of a sweep on a canvas: cells, finer sweeps at their place, axes, the cell under the pointer, a rectangle.

import { html, svg, replace, css } from "any2any/draw";
import { blocks, columnOf, rowOf, sizeOf, valueAt, shortName } from "any2any/sweep/grid";
import { scaleOf, readable } from "any2any/training/scale";

/** @import { Sweep } from "any2any/types" */

/** The least number of pixels along a side of the canvas: several for each cell of a finer sweep. */
const PIXELS = 1280;
const MARGIN = { left: 58, bottom: 46, top: 8, right: 8 };

/**
 * @param {object} what
 * @param {import("any2any/types").Sweep} what.sweep
 * @param {{ sweep: import("any2any/types").Sweep, place: import("any2any/types").Cells }[]} what.finer      sweeps drawn inside, with their place in cells
 * @param {(cells: import("any2any/types").Cell[]) => (cell: import("any2any/types").Cell) => number[]} what.colours
 * @param {number} what.width
 * @param {(cell: import("any2any/types").Cell|null) => void} what.onCell            the cell that is looked at
 * @param {(rectangle: import("any2any/types").Cells|null) => void} what.onRectangle
 * @param {import("any2any/types").Cells|null} what.rectangle
 */
export function mapOf({ sweep, finer, colours, width, onCell, onRectangle, rectangle }) {
  const { columns, rows } = sizeOf(sweep);
  const inner = width - MARGIN.left - MARGIN.right;
  const height = rows === 1 ? 72 : Math.min(inner, (inner * Math.max(rows, 8)) / columns);
  const canvas = html("canvas", { class: "pixelated", "aria-hidden": "true" });
  paint(canvas, { sweep, finer, colours, columns, rows });
  const over = svg("svg", { class: "sweep-over", viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const area = html("div", { class: "sweep-area", tabindex: 0, role: "application",
    "aria-label": `Map of ${sweep.cells.length} trainings. Arrow keys move from cell to cell, with shift they draw a rectangle.`,
    style: { left: `${MARGIN.left}px`, top: `${MARGIN.top}px`, width: `${inner}px`, height: `${height}px` } }, canvas, over);
  const element = html("div", { class: "sweep-map", style: { width: `${width}px`, height: `${height + MARGIN.top + MARGIN.bottom}px` } },
    axesOf(sweep, { width, height, inner }), area);

  const marks = { cell: null, rectangle, drag: null };
  const redraw = () => replace(over,
    finer.map(({ place }) => box(place, rows, "finer")),
    marks.cell ? box({ left: columnOf(marks.cell), right: columnOf(marks.cell) + 1, low: rowOf(marks.cell), high: rowOf(marks.cell) + 1 }, rows, "here") : null,
    marks.rectangle ? box(marks.rectangle, rows, "chosen") : null);
  const look = (cell) => {
    if (cell === marks.cell) return;
    marks.cell = cell;
    redraw();
    onCell(cell);
  };
  const choose = (next, done) => {
    marks.rectangle = next;
    redraw();
    if (done) onRectangle(next);
  };
  const known = new Map(sweep.cells.map((cell) => [`${columnOf(cell)} ${rowOf(cell)}`, cell]));
  const cellAt = ({ column, row }) => known.get(`${column} ${row}`) ?? null;
  byPointer(area, { columns, rows, look, choose, cellAt, marks });
  byKeyboard(area, { columns, rows, look, choose, cellAt, marks });
  redraw();
  return { element, canvas };
}

/** Cells on the canvas, row 0 at the bottom. @param {HTMLCanvasElement} canvas */
function paint(canvas, { sweep, finer, colours, columns, rows }) {
  const scale = { x: Math.ceil(PIXELS / columns), y: Math.ceil(PIXELS / Math.max(rows, 1)) };
  canvas.width = columns * scale.x;
  canvas.height = rows * scale.y;
  const context = canvas.getContext("2d");
  const draw = (which, colour, { left, right, low, high }) => {
    const size = sizeOf(which);
    const wide = ((right - left) * scale.x) / size.columns;
    const tall = ((high - low) * scale.y) / size.rows;
    for (const { cell, side } of blocks(which)) {
      context.fillStyle = css(colour(cell));
      const [across, up] = [Math.min(side, size.columns - columnOf(cell)), Math.min(side, size.rows - rowOf(cell))];
      const x = left * scale.x + columnOf(cell) * wide;
      const y = (rows - low) * scale.y - (rowOf(cell) + up) * tall;
      // Whole pixels, or the paper would show between cells.
      context.fillRect(Math.floor(x), Math.floor(y), Math.ceil(x + across * wide) - Math.floor(x), Math.ceil(y + up * tall) - Math.floor(y));
    }
  };
  // All cells together, so that colours mean the same in the finer maps.
  const colour = colours([sweep, ...finer.map((each) => each.sweep)].flatMap(({ cells }) => cells));
  draw(sweep, colour, { left: 0, right: columns, low: 0, high: rows });
  for (const { sweep: fine, place } of finer) draw(fine, colour, place);
}

const box = ({ left, right, low, high }, rows, name) =>
  svg("rect", { class: name, x: left, y: rows - high, width: right - left, height: high - low, "vector-effect": "non-scaling-stroke" });

/** @param {Sweep} sweep */
function axesOf(sweep, { width, height, inner }) {
  const bottom = MARGIN.top + height;
  const marks = (axis, many) => {
    const cells = axis.values.length;
    if (axis.scale === "list") {
      const every = Math.ceil(cells / many);
      return axis.values.map((value, i) => ({ value, part: (i + 0.5) / cells })).filter((_, i) => i % every === 0);
    }
    const scale = scaleOf([valueAt(axis, 0.5), valueAt(axis, cells - 0.5)], { log: axis.scale === "log", ticks: many });
    return scale.ticks.map((value) => ({ value, part: (0.5 + scale.at(value) * (cells - 1)) / cells }));
  };
  const [across, upward] = sweep.axes;
  return svg("svg", { class: "chart sweep-axes", width, height: bottom + MARGIN.bottom, "aria-hidden": "true" },
    marks(across, Math.floor(inner / 90)).map(({ value, part }) => {
      const x = MARGIN.left + part * inner;
      return [svg("line", { class: "tick", x1: x, x2: x, y1: bottom, y2: bottom + 4 }), svg("text", { x, y: bottom + 18, "text-anchor": "middle" }, readable(value))];
    }),
    svg("text", { class: "across", x: MARGIN.left + inner, y: bottom + 38, "text-anchor": "end" }, shortName(across.option)),
    upward ? [
      marks(upward, 6).map(({ value, part }) => {
        const y = bottom - part * height;
        return [svg("line", { class: "tick", x1: MARGIN.left - 4, x2: MARGIN.left, y1: y, y2: y }), svg("text", { x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" }, readable(value))];
      }),
      svg("text", { class: "across", transform: `translate(12 ${MARGIN.top}) rotate(-90)`, "text-anchor": "end" }, shortName(upward.option))] : null);
}

const clamp = (value, most) => Math.max(0, Math.min(most, value));

function rectangleOf(one, other) {
  return {
    left: Math.min(one.column, other.column), right: Math.max(one.column, other.column) + 1,
    low: Math.min(one.row, other.row), high: Math.max(one.row, other.row) + 1,
  };
}

function byPointer(area, { columns, rows, look, choose, cellAt, marks }) {
  const placeOf = (event) => {
    const { left, top, width, height } = area.getBoundingClientRect();
    return {
      column: clamp(Math.floor(((event.clientX - left) / width) * columns), columns - 1),
      row: clamp(Math.floor((1 - (event.clientY - top) / height) * rows), rows - 1),
    };
  };
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    area.setPointerCapture(event.pointerId);
    marks.drag = { from: placeOf(event), moved: false };
  });
  area.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    look(cellAt(place));
    if (!marks.drag) return;
    const { from } = marks.drag;
    marks.drag.moved ||= place.column !== from.column || place.row !== from.row;
    if (marks.drag.moved) choose(rectangleOf(from, place), false);
  });
  area.addEventListener("pointerup", (event) => {
    if (!marks.drag) return;
    const { from, moved } = marks.drag;
    marks.drag = null;
    choose(moved ? rectangleOf(from, placeOf(event)) : null, true);
  });
  area.addEventListener("pointercancel", () => { marks.drag = null; });
  area.addEventListener("pointerleave", () => { if (!marks.drag) look(null); });
}

const MOVES = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function byKeyboard(area, { columns, rows, look, choose, cellAt, marks }) {
  let at = null;
  let corner = null;
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return choose(null, true);
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const start = marks.cell ? { column: columnOf(marks.cell), row: rowOf(marks.cell) } : at ?? { column: 0, row: 0 };
    corner = event.shiftKey ? corner ?? start : null;
    at = { column: clamp(start.column + move[0], columns - 1), row: clamp(start.row + move[1], rows - 1) };
    look(cellAt(at));
    if (corner) choose(rectangleOf(corner, at), true);
  });
}
