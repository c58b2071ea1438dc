// Trainings: curves of several runs in one figure, and samples as they improve, also while they run.

import { html, replace, segmented, downloads, category } from "any2any/draw";
import { chartOf } from "any2any/training/chart";
import { followLogs } from "any2any/training/log";
import { figuresOf } from "any2any/training/curves";
import { showSamples } from "any2any/training/samples";

/** @type {{ value: keyof typeof ACROSS, label: string, title: string }[]} */
const CHOICES = [
  { value: "step", label: "Steps", title: "Over the updates made" },
  { value: "seconds", label: "Time", title: "Over the seconds spent in training" },
  { value: "tokens", label: "Tokens", title: "Over the target tokens seen" },
];

const ACROSS = { step: "step", seconds: "seconds of training", tokens: "target tokens" };

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "training",
  title: "Training",
  hint: "How a run came to be, or how it goes: losses, scores and speed, step by step. Runs that were opened together can be laid over one another.",
  mount(root, app) {
    /** @type {{ across: keyof typeof ACROSS, logX: boolean, logY: boolean, chosen: Set<number>, figures: ReturnType<typeof figuresOf> }} */
    const view = { across: "step", logX: false, logY: false, chosen: new Set(), figures: [] };
    const known = () => app.state.runs.filter(({ training }) => training);
    const chips = html("div", { class: "row", role: "group", "aria-label": "Runs" });
    const charts = html("div", { class: "charts" });
    const samples = html("section", { class: "stack samples-improving", hidden: true });
    const empty = html("p", { class: "empty" });
    const controls = html("div", { class: "controls" },
      segmented({ label: "Across", value: view.across, onchange: (across) => { view.across = across; draw(); }, options: CHOICES }),
      segmented({ label: "Upward scale", value: false, onchange: (log) => { view.logY = log; draw(); }, options: [
        { value: false, label: "y linear", title: "Equal distances are equal differences" },
        { value: true, label: "y log", title: "Equal distances are equal ratios" }] }),
      segmented({ label: "Scale across", value: false, onchange: (log) => { view.logX = log; draw(); }, options: [
        { value: false, label: "x linear", title: "Equal distances are equal differences" },
        { value: true, label: "x log", title: "Equal distances are equal ratios" }] }),
      downloads({ name: "training", figure: () => charts, data: () => view.figures }));
    replace(root, chips, controls, empty, charts, samples);

    const { logs, ask } = followLogs({
      wanted: () => view.chosen,
      open: () => root.isConnected && !root.closest("[hidden]"),
      onNews: draw,
    });

    function choose() {
      if (known().some(({ number }) => number === app.state.run)) view.chosen.add(app.state.run);
      if (view.chosen.size === 0 && known().length > 0) view.chosen.add(known()[0].number);
    }

    function fillChips() {
      replace(chips, known().map(({ number, name, folder }) => {
        const toggle = () => {
          if (!view.chosen.delete(number)) view.chosen.add(number);
          draw();
          ask();
        };
        const running = logs.get(number)?.running;
        return html("button", { type: "button", class: "chip run-chip", "aria-pressed": String(view.chosen.has(number)), onclick: toggle },
          html("span", { class: "swatch", style: { background: category(number) } }), folder || name,
          running ? html("span", { class: "running" }, "training …") : null);
      }));
    }

    function draw() {
      fillChips();
      const runs = known().filter(({ number }) => view.chosen.has(number) && logs.has(number))
        .map(({ number, name, folder, model }) => ({ number, label: folder || name, log: logs.get(number), tasks: model?.tasks }));
      view.figures = figuresOf(runs, view.across);
      empty.textContent = wordsFor(known(), runs, view);
      empty.hidden = view.figures.length > 0;
      // Figures under the pointer stay as they are until the pointer leaves.
      if (!charts.querySelector("svg:hover")) drawCharts(charts, view);
      const shown = runs.find(({ number }) => number === app.state.run) ?? runs[0];
      if (shown) showSamples(samples, shown);
      samples.hidden ||= !shown;
    }

    app.on("change", (keys) => {
      if (keys.has("run") || keys.has("runs")) choose();
      if (["run", "runs", "theme"].some((key) => keys.has(key))) draw();
      ask();
    });
    charts.addEventListener("pointerleave", () => drawCharts(charts, view));
    addEventListener("resize", () => drawCharts(charts, view));
    choose();
    draw();
    ask();
  },
};

function wordsFor(known, runs, view) {
  if (known.length === 0) return "None of these runs has a log of its training.";
  if (view.chosen.size === 0) return "Choose a run above.";
  return runs.map(({ log }) => log.missing).find(Boolean) ?? "Nothing has been written yet.";
}

/** All figures; the pointer marks the same place in all. @param {HTMLElement} root */
function drawCharts(root, view) {
  const wide = root.clientWidth || 900;
  const columns = Math.max(1, Math.floor(wide / 420));
  const width = Math.floor((wide - 28 * (columns - 1)) / columns);
  const places = view.figures.flatMap(({ curves }) => curves.flatMap(({ points }) => [points[0][0], points.at(-1)[0]]))
    .filter((place) => !view.logX || place > 0);
  /** @type {[number, number]} */
  const rangeX = [Math.min(...places), Math.max(...places)];
  const all = view.figures.map(({ title, curves }) => ({
    title,
    chart: chartOf({
      curves, width, rangeX, across: ACROSS[view.across], logX: view.logX, logY: view.logY,
      label: `${title}: ${curves.map(({ name, points }) => `${name}, last ${points.at(-1)[1].toPrecision(4)}`).join("; ")}`,
      onHover: (x) => all.forEach(({ chart }) => chart.pointAt(x)),
    }),
  }));
  replace(root, all.map(({ title, chart }) => html("figure", { class: "chart-figure" }, html("figcaption", {}, title), chart)));
}
