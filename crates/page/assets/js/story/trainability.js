// Chapter 10: the boundary of trainability is fractal (Sohl-Dickstein 2024). The map of a sweep, zoomed by stages.

import { api } from "any2any/api";
import { html, replace } from "any2any/draw";
import { mapOf } from "any2any/sweep/map";
import { MAPS } from "any2any/sweep/colours";
import { columnOf, rowOf, shortName, sizeOf, within } from "any2any/sweep/grid";
import { Missing } from "any2any/story/examples";

/** @import { Cells, Sweep } from "any2any/types" */

/** How much smaller the sides of the next stage are. */
const ZOOM = 2.5;
const STAGES = 3;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "trainability",
  title: "Where training converges",
  steps: STAGES,
  text: (link) => ["Each point of ", link("this map", 0), " is a whole training, with a learning rate and a momentum of its own: blue ones converge, orange ones do not. ",
    link("Come closer", 1), " to the boundary between them, ", link("and closer", 2), ": it stays ragged, as the boundary of a fractal does."],
  async open({ app }) {
    const numbers = app.state.runs.filter(({ sweep }) => sweep).map(({ number }) => number);
    if (numbers.length === 0) {
      throw new Missing("None of these runs is a sweep.",
        "any2any sweep configs/sweep.yaml --over training.schedule.constant.peak=0.1..10:64:log --over training.optimizer.sgd.momentum=0..0.99:64");
    }
    const sweeps = await Promise.all(numbers.map((run) => api.sweep({ run })));
    const stages = stagesOf(sweeps);
    const element = html("div", { class: "story-map" });
    const said = html("p", { class: "story-caption" });
    const place = html("div", {});
    replace(element, said, place);
    return {
      element,
      credit: sweeps.map(({ name, cells, steps }) => `${name}: ${cells.length.toLocaleString("en")} trainings of ${steps} steps`).join(" · "),
      show(step) {
        const { sweep, next } = stages[Math.min(step, stages.length - 1)];
        const { columns } = sizeOf(sweep);
        const converged = sweep.cells.filter((each) => each.converged).length;
        said.textContent = `${sweep.cells.length.toLocaleString("en")} trainings over ${sweep.axes.map(({ option }) => shortName(option)).join(" and ")}: ${converged.toLocaleString("en")} converge.`;
        const room = Math.max(280, Math.min(element.clientWidth || 720, (element.clientHeight || 760) - 110));
        const map = mapOf({ sweep, finer: [], width: columns > 1 ? room : 280, colours: MAPS[0].colours, rectangle: next, onCell: () => {}, onRectangle: () => {} });
        replace(place, map.element);
      },
    };
  },
};

/** The whole map, then finer ones of the same options inside of it; where there are none, its most ragged part.
 * @param {Sweep[]} sweeps @returns {{ sweep: Sweep, next: Cells|null }[]} */
export function stagesOf(sweeps) {
  const stages = [];
  let sweep = [...sweeps].sort((a, b) => insides(b, sweeps) - insides(a, sweeps))[0];
  for (let stage = 0; stage < STAGES; stage += 1) {
    const finer = sweeps.map((each) => ({ each, place: within(sweep, each) })).filter(({ place }) => place)
      .sort((a, b) => area(b.place) - area(a.place))[0];
    const next = stage === STAGES - 1 ? null : finer?.place ?? ragged(sweep);
    stages.push({ sweep, next });
    if (!next) break;
    sweep = finer?.each ?? part(sweep, next);
  }
  return stages;
}

const insides = (sweep, all) => all.filter((each) => within(sweep, each)).length;
const area = ({ left, right, low, high }) => (right - left) * (high - low);

/** The part of a map with the most neighbours of which one converges and the other does not. @param {Sweep} sweep @returns {Cells|null} */
function ragged(sweep) {
  const { columns, rows } = sizeOf(sweep);
  if (columns < 4 || rows < 2) return null;
  const [wide, tall] = [Math.max(2, Math.round(columns / ZOOM)), Math.max(2, Math.round(rows / ZOOM))];
  const at = new Map(sweep.cells.map((cell) => [`${columnOf(cell)} ${rowOf(cell)}`, cell.converged]));
  const edges = (left, low) => {
    let count = 0;
    for (let x = left; x < left + wide - 1; x += 1) {
      for (let y = low; y < low + tall - 1; y += 1) {
        const here = at.get(`${x} ${y}`);
        for (const beside of [at.get(`${x + 1} ${y}`), at.get(`${x} ${y + 1}`)]) {
          // A sweep may not be done.
          count += Number(here !== undefined && beside !== undefined && here !== beside);
        }
      }
    }
    return count;
  };
  let best = { left: 0, low: 0, count: -1 };
  for (let left = 0; left + wide <= columns; left += 1) {
    for (let low = 0; low + tall <= rows; low += 1) {
      const count = edges(left, low);
      if (count > best.count) best = { left, low, count };
    }
  }
  return { left: best.left, right: best.left + wide, low: best.low, high: best.low + tall };
}

/** The cells of a rectangle as a sweep of their own. @param {Sweep} sweep @param {Cells} cells @returns {Sweep} */
function part(sweep, { left, right, low, high }) {
  const spans = [[left, right], [low, high]];
  const inside = (cell) => columnOf(cell) >= left && columnOf(cell) < right && rowOf(cell) >= low && rowOf(cell) < high;
  return {
    ...sweep,
    axes: sweep.axes.map((axis, i) => ({ ...axis, values: axis.values.slice(...spans[i]) })),
    cells: sweep.cells.filter(inside).map((cell) => ({ ...cell, at: cell.at.map((each, i) => each - spans[i][0]) })),
  };
}
