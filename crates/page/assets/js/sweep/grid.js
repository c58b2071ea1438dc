// The geometry of a sweep's map: places of numbers on its axes, and cells that stand in for others still to come.
//
// A map is measured in cells: the first value of an axis lies in the middle of its first cell, at 0.5.

import { readable } from "any2any/training/scale";

/** @import { Sweep } from "any2any/types" */

/** @param {import("any2any/types").Axis} axis @param {number} value @returns {number} where a value lies, in cells */
export function placeOf(axis, value) {
  const { values } = axis;
  const last = values.length - 1;
  if (last === 0) return 0.5;
  if (axis.scale === "list") return 0.5 + between(values, value);
  const as = axis.scale === "log" ? Math.log : (number) => number;
  return 0.5 + (last * (as(value) - as(values[0]))) / (as(values[last]) - as(values[0]));
}

/** The value at a place, in cells. */
export function valueAt(axis, place) {
  const { values } = axis;
  const last = values.length - 1;
  if (last === 0) return values[0];
  const part = (place - 0.5) / last;
  if (axis.scale === "list") return values[Math.max(0, Math.min(last, Math.round(part * last)))];
  if (axis.scale !== "log") return values[0] + part * (values[last] - values[0]);
  return Math.exp(Math.log(values[0]) + part * (Math.log(values[last]) - Math.log(values[0])));
}

/** The place of a number among rising ones, as an index with a fraction. */
function between(values, value) {
  const after = values.findIndex((each) => each >= value);
  if (after === 0) return 0;
  if (after < 0) return values.length - 1;
  return after - 1 + (value - values[after - 1]) / (values[after] - values[after - 1]);
}

/** The number of cells across and upward; a sweep over one option is one cell high. */
export function sizeOf({ axes }) {
  return { columns: axes[0].values.length, rows: axes[1]?.values.length ?? 1 };
}

export const columnOf = ({ at }) => at[0];
export const rowOf = ({ at }) => at[1] ?? 0;

/** The cells of a sweep, coarse ones first, each with the side of the square that it stands for: sweeps go from coarse
 * to fine, and a cell stands for its neighbours until they are trained. @param {Sweep} sweep */
export function blocks(sweep) {
  const { columns, rows } = sizeOf(sweep);
  const whole = sweep.cells.length === columns * rows;
  const side = (cell) => (whole ? 1 : 2 ** Math.min(...cell.at.map(halvings)));
  return sweep.cells.map((cell) => ({ cell, side: side(cell) })).sort((one, other) => other.side - one.side);
}

/** The number of times a number can be halved, at most six, as in the order of training. */
function halvings(number) {
  let times = 0;
  while (times < 6 && number % 2 === 0) {
    number /= 2;
    times += 1;
  }
  return times;
}

/** The place of a finer sweep in a coarser one, in cells of the coarser, as { left, right, low, high }; null if it is
 * over other options or reaches beyond it. */
export function within(coarse, fine) {
  if (coarse === fine || coarse.axes.length !== fine.axes.length) return null;
  if (coarse.axes.some(({ option }, i) => option !== fine.axes[i].option)) return null;
  const spans = coarse.axes.map((axis, i) => {
    const { values } = fine.axes[i];
    const [first, last] = [placeOf(axis, values[0]), placeOf(axis, values.at(-1))];
    // The outer cells reach half a cell further than their values.
    const half = values.length > 1 ? (last - first) / (values.length - 1) / 2 : 0.5;
    return [first - half, last + half, axis.values.length];
  });
  const inside = spans.every(([from, to, cells]) => from >= -0.51 && to <= cells + 0.51);
  const smaller = spans.some(([from, to, cells]) => to - from < 0.95 * cells);
  if (!inside || !smaller) return null;
  const [[left, right], [low, high] = [0, 1]] = spans;
  return { left, right, low, high };
}

/** The options of a cell as text: `peak 0.31, momentum 0.5`. */
export function nameOf({ axes }, at) {
  return axes.map(({ option, values }, i) => `${shortName(option)} ${readable(values[at[i]])}`).join(", ");
}

/** The last key of an option. */
export const shortName = (option) => option.split(".").at(-1).replaceAll("_", " ");
