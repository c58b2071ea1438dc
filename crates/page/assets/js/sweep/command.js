// The command that trains a rectangle of a map on a finer grid.

import { valueAt } from "any2any/sweep/grid";

/** The number of trainings along a side of the finer map. */
const FINER = 64;

/** @param {import("any2any/types").Sweep} sweep @param {import("any2any/types").Cells} rectangle @param {string} folder
 * @param {string[]} folders   names that are taken
 * @returns {{ sweep: string, explore: string }} */
export function commandsFor(sweep, { left, right, low, high }, folder, folders) {
  const spans = [[left, right], [low, high]];
  const axes = sweep.axes.map((axis, i) => ["--over", `${axis.option}=${rangeOf(axis, ...spans[i])}`]);
  const name = freeName(folder, folders);
  const words = ["any2any", "sweep", sweep.config, ...sweep.overrides.flatMap((each) => ["--set", each]), ...axes.flat(),
    "--steps", String(sweep.steps), "--run", `runs/${name}`];
  return { sweep: words.map(quoted).join(" "), explore: ["any2any", "explore", `runs/${folder}`, `runs/${name}`].map(quoted).join(" ") };
}

/** Values in the middle of cells that together fill the span, within what the axis has. */
function rangeOf(axis, from, to) {
  if (axis.scale === "list") return axis.values.slice(from, to).join(",");
  const [low, high] = [Math.max(0.5, from), Math.min(axis.values.length - 0.5, to)];
  const half = (high - low) / FINER / 2;
  const number = (place) => Number(valueAt(axis, place).toPrecision(10));
  return `${number(low + half)}..${number(high - half)}:${FINER}${axis.scale === "log" ? ":log" : ""}`;
}

/** The next free name of a folder: sweep → sweep-2, sweep-2 → sweep-3. */
function freeName(folder, folders) {
  const [, stem, number] = /^(.*?)(?:-(\d+))?$/.exec(folder);
  for (let next = Number(number ?? 1) + 1; ; next += 1) {
    if (!folders.includes(`${stem}-${next}`)) return `${stem}-${next}`;
  }
}

/** A word quoted for a shell. */
function quoted(word) {
  return /^[\w./=:,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
