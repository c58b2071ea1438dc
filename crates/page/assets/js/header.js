// The bar at the top: choice of run, checkpoint and task; link, theme and help; and the error, if there is one.

import { html, replace, button } from "any2any/draw";
import { offline } from "any2any/api";
import { showHelp } from "any2any/keyboard";

/** @import { App } from "any2any/types" */

/** @param {App} app @param {HTMLElement} root */
export function showHeader(app, root) {
  const run = picker("Run", (value) => app.chooseRun(Number(value)));
  const task = picker("Task", (value) => app.chooseTask(Number(value)));
  const checkpoint = picker("Checkpoint", (value) => app.chooseCheckpoint(value));
  const problem = html("div", { class: "problem", role: "alert", hidden: true });
  replace(root,
    html("h1", { class: "brand" }, "any2any", html("span", { class: "brand-sub" }, offline ? " recorded" : " explorer")),
    html("div", { class: "pickers" }, run, task, checkpoint),
    html("div", { class: "bar-buttons" },
      button("Link", (event) => copyLink(event.currentTarget), { title: "Copy a link to what is shown" }),
      themeButton(app),
      button("?", () => showHelp(), { title: "Help and keys (?)" })),
    problem);

  const redraw = () => {
    const { runs, run: current, task: number, checkpoint: name } = app.state;
    const model = app.currentRun()?.model;
    run.fill(runs.map((each) => [each.number, each.broken ? `${each.name} (cannot be read)` : each.name]), current);
    task.fill((model?.tasks ?? []).map((each) => [each.number, each.name]), number);
    checkpoint.fill(checkpointNames(model), name);
  };
  app.on("change", (keys) => {
    if (["runs", "run", "task", "checkpoint"].some((key) => keys.has(key))) redraw();
    if (keys.has("error")) showProblem(problem, app);
    if (keys.has("busy")) document.body.classList.toggle("busy", app.state.busy);
  });
  redraw();
  showProblem(problem, app);
}

function picker(label, onchange) {
  const select = html("select", { onchange: () => onchange(select.value) });
  const element = html("label", { class: "picker" }, html("span", {}, label), select);
  const fill = (/** @type {[string|number, string][]} */ options, /** @type {string|number} */ chosen) => {
    replace(select, options.map(([value, text]) => html("option", { value, selected: String(value) === String(chosen) }, text)));
    element.hidden = options.length === 0;
  };
  return Object.assign(element, { fill });
}

/** @param {import("any2any/types").Model|undefined} model @returns {[string, string][]} */
function checkpointNames(model) {
  if (!model) return [];
  const known = /** @type {const} */ (["best", "last"]).filter((name) => model.checkpoints.some((each) => each[name]));
  return [...known.map((name) => /** @type {[string, string]} */ ([name, name])),
    ...model.checkpoints.map(({ name, step }) => /** @type {[string, string]} */ ([name, `step ${step}`]))];
}

/** @param {App} app */
function showProblem(element, app) {
  const { error } = app.state;
  element.hidden = !error;
  if (!error) return;
  replace(element, html("p", {}, html("strong", {}, error.message), " ", error.help ?? ""),
    button("×", () => app.set({ error: null }), { title: "Close this message" }));
}

async function copyLink(control) {
  const label = control.textContent;
  await navigator.clipboard?.writeText(location.href).catch(() => null);
  control.textContent = "Copied";
  setTimeout(() => { control.textContent = label; }, 1200);
}

const THEMES = { auto: "◐", light: "☀", dark: "☾" };

/** @param {App} app */
function themeButton(app) {
  const names = /** @type {(keyof typeof THEMES)[]} */ (Object.keys(THEMES));
  const control = button(THEMES[app.state.theme], () => {
    app.set({ theme: names[(names.indexOf(app.state.theme) + 1) % names.length] });
  }, { title: "Theme: as the system, light, dark" });
  app.on("change", (keys) => { if (keys.has("theme")) control.textContent = THEMES[app.state.theme]; });
  return control;
}
