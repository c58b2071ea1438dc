// The target of a comparison with the page's own translation: another run, checkpoint or input, or several of these.

import { html, replace } from "any2any/draw";

/** @import { App, Input } from "any2any/types" */

/** The current comparison: the one of the state, else another run of the same kind, else the earliest checkpoint.
 * @param {import("any2any/types").App} app
 * @returns {{ run: import("any2any/types").Run, checkpoint: string, task: import("any2any/types").Task, input: import("any2any/types").Input|null }|null} null: no run can be compared */
export function comparisonOf(app) {
  const { second, runs, input } = app.state;
  const chosen = second ?? proposal(app);
  const run = runs.find(({ number }) => number === chosen.run);
  const task = run && taskLike(app.task(), run);
  if (!task) return null;
  return { run, checkpoint: chosen.checkpoint, task, input: task.source ? chosen.input ?? input : null };
}

/** @param {App} app */
function proposal(app) {
  const { runs, run } = app.state;
  const twin = (each) => each.number !== run && likeness(app.task(), taskLike(app.task(), each)) === 3;
  const other = runs.find(twin);
  if (other) return { run: other.number, checkpoint: "best", input: null };
  return { run, checkpoint: others(app)[0]?.name ?? "best", input: null };
}

/** The checkpoints of a run by step. */
export const steps = (run) => [...(run?.model?.checkpoints ?? [])].sort((a, b) => a.step - b.step);

/** The name of a checkpoint by its step, which "best" and "last" only point to. */
export const nameByStep = (run, checkpoint) => {
  const points = checkpoint === "best" || checkpoint === "last";
  return (points && run?.model?.checkpoints.find((each) => each[checkpoint])?.name) || checkpoint;
};

/** The checkpoints of the page's run other than its own. @param {App} app */
function others(app) {
  const own = nameByStep(app.currentRun(), app.state.checkpoint);
  return steps(app.currentRun()).filter(({ name }) => name !== own);
}

/** The task of `run` that is most like ours, among those that can take our inputs. */
function taskLike(ours, run) {
  const able = (run.model?.tasks ?? []).filter((task) => task.source?.kind === ours?.source?.kind);
  return able.sort((a, b) => likeness(ours, b) - likeness(ours, a))[0] ?? null;
}

/** The likeness of two tasks, from 0 to 3. */
function likeness(ours, task) {
  if (!task) return 0;
  const sameOutput = ours.target.tokens === task.target.tokens && ours.target.kind === task.target.kind;
  return [ours.source?.medium === task.source?.medium, ours.target.medium === task.target.medium, sameOutput].filter(Boolean).length;
}

/** Fills `root` with the choices; returns a function that redraws them. @param {HTMLElement} root @param {App} app */
export function comparisonControls(root, app, { inputs = true } = {}) {
  const choose = (patch) => {
    const now = comparisonOf(app);
    const { run, second } = app.state;
    const before = { run: now?.run.number ?? run, checkpoint: now?.checkpoint ?? "best", input: second?.input ?? null };
    app.set({ second: { ...before, ...patch } });
  };

  function draw() {
    const now = comparisonOf(app);
    const run = now?.run ?? app.currentRun();
    const runs = app.state.runs.filter((each) => taskLike(app.task(), each)).map(({ number, name }) => [number, name]);
    const named = [["best", "best"], ["last", "last"], ...steps(run).map(({ name, step }) => [name, `step ${step}`])];
    // Where nothing else could differ, the page's own checkpoint is no comparison, by whichever name.
    const same = run?.number === app.state.run && !inputs;
    const own = nameByStep(run, app.state.checkpoint);
    const checkpoints = named.filter(([name]) => !same || nameByStep(run, name) !== own || others(app).length === 0);
    // Whoever chose with the keyboard goes on from the same place.
    const focused = [...root.querySelectorAll("select, input")].indexOf(document.activeElement);
    replace(root,
      select("Run", runs, run.number, (value) => choose({ run: Number(value), checkpoint: "best" })),
      select("Checkpoint", checkpoints, now?.checkpoint, (value) => choose({ checkpoint: value })),
      inputs && now?.task.source ? inputChoice(now) : null);
    /** @type {HTMLElement|undefined} */ (root.querySelectorAll("select, input")[focused])?.focus();
  }

  function inputChoice({ task }) {
    const input = app.state.second?.input ?? null;
    const way = !input ? "same" : input.text === undefined ? "sample" : "text";
    const ways = [["same", "the same"]];
    if (task.source.kind === "text") ways.push(["text", "another text"]);
    if (task.splits.length > 0) ways.push(["sample", "another sample"]);
    return [
      select("Input", ways, way, (value) => choose({ input: begin(value, task) })),
      way === "text" ? textField(input) : null,
      way === "sample" && input.sample ? sampleField(input) : null,
    ];
  }

  const textField = (/** @type {Input} */ { text }) => html("input", {
    type: "text", class: "grow", value: text, "aria-label": "The other text",
    onchange: ({ target }) => choose({ input: { text: target.value } }),
  });

  const sampleField = (/** @type {Input} */ { sample }) => html("input", {
    type: "number", min: 1, value: sample.number + 1, "aria-label": "Number of the other sample",
    onchange: ({ target }) => choose({ input: { sample: { ...sample, number: Math.max(0, target.value - 1) } } }),
  });

  /** The first input of each kind: the same text, to be changed; the next sample. */
  function begin(way, task) {
    const { input, look } = app.state;
    const { split = task.splits[0], number = -1 } = input?.sample ?? {};
    if (way === "text") return { text: input?.text ?? look?.source?.view.text ?? "" };
    return way === "sample" ? { sample: { split, number: number + 1 } } : null;
  }

  return draw;
}

function select(label, options, chosen, onchange) {
  const element = html("select", { onchange: () => onchange(element.value) }, options.map(([value, text]) =>
    html("option", { value, selected: String(value) === String(chosen) }, text)));
  return html("label", { class: "picker" }, html("span", {}, label), element);
}
