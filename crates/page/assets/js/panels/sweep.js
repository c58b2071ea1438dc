// The map of a sweep: the region of one or two options in which training converges, and the speed.

import { api } from "any2any/api";
import { html, replace, button, segmented, downloads, category, tooltip } from "any2any/draw";
import { chartOf } from "any2any/training/chart";
import { readable } from "any2any/training/scale";
import { mapOf } from "any2any/sweep/map";
import { MAPS, verdict } from "any2any/sweep/colours";
import { commandsFor } from "any2any/sweep/command";
import { nameOf, within } from "any2any/sweep/grid";

/** @import { Sweep } from "any2any/types" */

/** The time between two requests about a sweep that still runs, in milliseconds. */
const PACE = 3000;

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "sweep",
  title: "Where training converges",
  hint: "The same training, once for every point of a grid over one or two options. Point at a cell to see its losses; drag a rectangle to get the command that trains it finer.",
  mount(root, app) {
    const sweeps = new Map();                                     // number of a run → its sweep
    const view = { run: null, map: MAPS[0], cell: null, rectangle: null };
    let timer = 0;
    const known = () => app.state.runs.filter(({ sweep }) => sweep);
    const chips = html("div", { class: "row", role: "group", "aria-label": "Sweeps" });
    const controls = html("div", { class: "controls" },
      segmented({ label: "What colours say", value: view.map.value, options: MAPS, onchange: (value) => { view.map = MAPS.find((map) => map.value === value); draw(); } }),
      downloads({ name: "sweep", figure: () => place, data: () => sweeps.get(view.run) }));
    const empty = html("p", { class: "empty" });
    const place = html("div", { class: "figure" });
    const side = html("div", { class: "stack sweep-side" });
    const note = html("p", { class: "note" });
    const command = html("div", { class: "stack", "aria-live": "polite" });
    const filled = html("div", { class: "stack" }, controls, html("div", { class: "sweep-view" }, place, side), command, note);
    replace(root, chips, empty, filled);

    /** Fetches the sweeps that are missing or still run. */
    async function ask() {
      clearTimeout(timer);
      if (root.closest("[hidden]")) return;
      const wanted = known().filter(({ number }) => sweeps.get(number)?.running ?? true);
      let news = false;
      for (const { number } of wanted) {
        const sweep = await app.attempt(() => api.sweep({ run: number }));
        if (!sweep) continue;
        news ||= JSON.stringify([sweep.cells.length, sweep.running]) !== JSON.stringify([sweeps.get(number)?.cells.length, sweeps.get(number)?.running]);
        sweeps.set(number, sweep);
      }
      if (news) draw();
      if (known().some(({ number }) => sweeps.get(number)?.running)) timer = setTimeout(ask, PACE);
    }

    function choose() {
      const numbers = known().map(({ number }) => number);
      if (numbers.includes(app.state.run)) view.run = app.state.run;
      else if (!numbers.includes(view.run)) view.run = numbers[0] ?? null;
    }

    function show(run) {
      Object.assign(view, { run, cell: null, rectangle: null });
      draw();
    }

    function draw() {
      const sweep = sweeps.get(view.run);
      empty.hidden = Boolean(sweep);
      filled.hidden = !sweep;
      empty.textContent = known().length === 0
        ? "None of these runs is a sweep. Make one with `any2any sweep configs/sweep.yaml --over OPTION=FROM..TO:COUNT --run FOLDER`, and open its folder with `any2any explore`."
        : "loading …";
      fillChips();
      if (!sweep) return;
      const finer = [...sweeps.values()].map((each) => ({ sweep: each, place: within(sweep, each) })).filter((each) => each.place)
        .sort((one, other) => area(other.place) - area(one.place));
      const width = Math.max(280, Math.min(700, root.clientWidth || 700));
      const map = mapOf({
        sweep, finer, width, colours: view.map.colours, rectangle: view.rectangle,
        onCell: (cell) => { view.cell = cell; drawSide(); },
        onRectangle: (rectangle) => { view.rectangle = rectangle; drawCommand(); },
      });
      tooltip(map.element.querySelector(".sweep-area"), () => view.cell && [html("div", {}, nameOf(sweep, view.cell.at)), html("div", {}, verdict(view.cell, sweep.steps))]);
      replace(place, map.element);
      note.textContent = view.map.note + (finer.length ? " Frames: finer sweeps of the same options." : "");
      drawSide();
      drawCommand();
    }

    function fillChips() {
      replace(chips, known().length < 2 ? [] : known().map(({ number, folder }) =>
        html("button", { type: "button", class: "chip run-chip", "aria-pressed": String(number === view.run), onclick: () => show(number) }, folder)));
    }

    /** The losses of the cell under the pointer, or of a sample of cells. */
    function drawSide() {
      const sweep = sweeps.get(view.run);
      const { cell } = view;
      const all = sweep.axes.reduce((product, { values }) => product * values.length, 1);
      const converged = sweep.cells.filter((each) => each.converged).length;
      const curve = cell && { name: "loss", colour: category(cell.converged ? 0 : 1), dots: true,
        points: sweep.points.map((step, i) => [step, cell.losses[i]]).filter(([, loss]) => loss !== null) };
      replace(side,
        html("h3", {}, cell ? nameOf(sweep, cell.at) : sweep.name),
        html("p", { class: "small soft" }, cell ? verdict(cell, sweep.steps)
          : `${sweep.cells.length.toLocaleString("en")} of ${all.toLocaleString("en")} trainings of ${sweep.steps} steps${sweep.running ? ", more to come" : ""}: ${converged.toLocaleString("en")} converge.`),
        curve ? chartOf({ curves: [curve], width: 320, height: 220, logY: true, across: "step", rangeX: [1, sweep.steps], label: `Losses at ${nameOf(sweep, cell.at)}` })
          : lowestOf(sweep));
    }

    function drawCommand() {
      const sweep = sweeps.get(view.run);
      if (!view.rectangle) return void replace(command);
      const folderOf = (number) => app.state.runs.find((run) => run.number === number)?.folder ?? "sweep";
      const words = commandsFor(sweep, view.rectangle, folderOf(view.run), app.state.runs.map(({ folder }) => folder));
      const line = (text) => html("div", { class: "command" }, html("code", {}, text),
        button("Copy", (event) => copy(text, event.currentTarget), { title: "Copy this command" }));
      replace(command, html("h3", {}, "Train this rectangle finer"), line(words.sweep),
        html("p", { class: "note" }, "Then open both, and the finer map is drawn inside this one. Change the folders if yours lie elsewhere."), line(words.explore));
    }

    app.on("change", (keys) => {
      if (keys.has("run") || keys.has("runs")) choose();
      if (["run", "runs", "theme"].some((key) => keys.has(key))) draw();
      ask();
    });
    addEventListener("resize", () => { if (sweeps.has(view.run) && !root.closest("[hidden]")) draw(); });
    choose();
    draw();
    ask();
  },
};

const area = ({ left, right, low, high }) => (right - left) * (high - low);

/** @param {Sweep} sweep */
function lowestOf(sweep) {
  const best = sweep.cells.filter(({ loss }) => loss !== null).sort((one, other) => one.loss - other.loss)[0];
  return best ? html("p", { class: "small" }, `Lowest last loss: ${readable(best.loss)} at ${nameOf(sweep, best.at)}.`) : null;
}

async function copy(text, control) {
  await navigator.clipboard?.writeText(text).catch(() => null);
  control.textContent = "Copied";
  setTimeout(() => { control.textContent = "Copy"; }, 1200);
}
