// Replay of a training: the page's output in the view of every checkpoint of its run, from the first to the last.

import { LIKELIEST, api } from "any2any/api";
import { html, replace, button, downloads, largest } from "any2any/draw";
import { readable } from "any2any/media/text";
import { minus } from "any2any/numbers";
import { recorded } from "any2any/recording";
import { isCurrent, logProbabilities, scored } from "any2any/probabilities";
import { courseFigure } from "any2any/compare/course";
import { headOf, isPicture, labelsOf, mapFigure, pictureFigure, weightsOf } from "any2any/compare/maps";
import { steps } from "any2any/compare/comparison_target";

/** @import { App } from "any2any/types" */

/** With more checkpoints than this the page waits to be asked, since each of them has to be loaded. */
const MANY = 12;
/** The time for which the replay shows each checkpoint, in milliseconds. */
const PACE = 700;

const EXPLANATION = "Every checkpoint that this run kept, asked about the output on this page: what it thought of each "
  + "word, what it would have written itself, and what the head looked at.";

/** Fills `root`; returns what draws again: `follow()` after a new look, `draw()` for another head or theme.
 * @param {HTMLElement} root @param {App} app */
export function replayFigure(root, app) {
  let seen = new Map();                                           // name of a checkpoint → what it said, see `ask`
  let question = "";                                              // what they were asked
  let tokens = [];                                                // of the output, as `scored` gives them
  let request = null;
  let at = 0;                                                     // the checkpoint that is shown
  let playing = 0;
  const play = button("▶", toggle, { class: "primary", title: "Play the training of this model" });
  const move = () => { stop(); go(Number(range.value)); };
  const range = html("input", { type: "range", min: 0, step: 1, "aria-label": "Checkpoint", oninput: move });
  const label = html("output", { class: "number" });
  const said = html("div", { class: "said" });
  const course = html("div", { class: "figure course" });
  const map = html("div", { class: "figure" });
  const pictures = html("div", { class: "replay-pictures" }, course, map);
  replace(root,
    html("div", { class: "title-row" }, html("h3", {}, "How it came to be"),
      downloads({ name: "checkpoints", figure: () => pictures, data: numbers })),
    html("p", { class: "note" }, EXPLANATION),
    html("div", { class: "replay-controls" }, play, range, label), said, pictures);

  const checkpoints = () => steps(app.currentRun());

  function follow() {
    const { state } = app;
    if (!isCurrent(state)) return;
    const list = checkpoints();
    root.hidden = list.length < 2 || !state.look.logits || !state.vocabulary || state.tokens.length === 0;
    if (root.hidden) return stop();
    const now = JSON.stringify([app.request({ checkpoint: null }), state.tokens]);
    if (now === question) return;
    question = now;
    seen = new Map();
    request?.abort();
    request = new AbortController();
    tokens = scored(state.look, state.vocabulary);
    range.max = String(list.length - 1);
    at = Math.min(at || list.length - 1, list.length - 1);
    draw();
    load(list.length <= MANY ? [list[at], ...list] : [list[at]]);
  }

  /** Asks one checkpoint after the other, as each may have to be loaded first. */
  async function load(list) {
    const mine = request;
    const each = async () => {
      for (const { name } of list) {
        if (seen.has(name)) continue;
        const answer = await ask(name, mine.signal);
        if (mine !== request) return;
        seen.set(name, answer);
        draw();
      }
    };
    await recorded(app, each, () => { root.hidden = seen.size === 0; });
  }

  async function ask(checkpoint, signal) {
    const body = app.request({ checkpoint });
    const look = await api.look({ ...body, tokens: app.state.tokens }, signal);
    const answer = await api.translate({ ...body, decoding: LIKELIEST }, signal);
    const own = answer.outputs[0][0];
    const text = own.view.text ?? own.labels.join(" ");
    return { look, text, log_probability: own.log_probability, each: logProbabilities(look, tokens) };
  }

  function go(to) {
    at = to;
    const checkpoint = checkpoints()[at];
    if (!seen.has(checkpoint.name)) load([checkpoint]);
    draw();
  }

  function toggle() {
    if (playing) return stop();
    const list = checkpoints();
    load(list);
    if (at === list.length - 1) at = -1;
    play.textContent = "❚❚";
    const tick = () => {
      // A checkpoint that is still being loaded is waited for.
      if (at < 0 || seen.has(list[at].name)) go(at + 1);
      if (at === list.length - 1) stop();
      else playing = setTimeout(tick, PACE);
    };
    tick();
  }

  function stop() {
    clearTimeout(playing);
    playing = 0;
    play.textContent = "▶";
  }

  function draw() {
    const list = checkpoints();
    if (root.hidden || tokens.length === 0 || !list[at]) return;
    const { name, step, best } = list[at];
    const here = seen.get(name);
    const after = step.toLocaleString("en");
    range.value = String(at);
    label.textContent = `step ${after}${best ? ", the best" : ""}`;
    replace(said, html("p", { class: "small soft" }, `After ${after} steps it would write`),
      html("p", { class: `value-text ${here ? "" : "empty"}` }, here ? here.text || "nothing" : "loading …"),
      html("p", { class: "small soft number" }, here ? `log-probability ${minus(here.log_probability.toFixed(2))}` : " "));
    replace(course, courseFigure({
      labels: tokens.map(({ token }) => readable(app.label(token)).text),
      chosen: tokens.findIndex(({ row }) => row === app.position()),
      checkpoints: list.map((each) => ({ step: each.step, each: seen.get(each.name)?.each })),
      at, width: course.clientWidth, onPick: (column) => { stop(); go(column); },
    }));
    replace(map, here ? mapOf(here.look) : html("p", { class: "empty" }, "loading …"));
  }

  function mapOf(look) {
    const shown = headOf(look, app.state.head);
    if (!shown) return html("p", { class: "empty" }, "This model has no attention.");
    const { head, matrix, name } = shown;
    const width = map.clientWidth;
    if (isPicture(look, head)) {
      return pictureFigure({ title: name, look, weights: weightsOf(look, shown, app.position()), width });
    }
    // One scale for all checkpoints, so that growing weights are seen to grow.
    const high = Math.max(...[...seen.values()].map((each) => strongestOf(headOf(each.look, head).matrix)));
    return mapFigure({ title: name, matrix, labels: labelsOf(look, head), width, high,
      say: (row, column) => matrix.values[matrix.offset + row * matrix.columns + column].toFixed(3) });
  }

  function numbers() {
    return {
      tokens: tokens.map(({ token }) => app.label(token)),
      checkpoints: checkpoints().map(({ name, step }) =>
        ({ step, text: seen.get(name)?.text, log_probabilities: seen.get(name)?.each })),
    };
  }

  return { follow, draw };
}

/** @param {import("any2any/draw/heatmap").Matrix} matrix */
const strongestOf = ({ values, offset = 0, rows, columns }) => largest(values.subarray(offset, offset + rows * columns));
