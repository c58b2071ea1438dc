// Two translations side by side: of two runs, two checkpoints or two inputs; and one run through its checkpoints.

import { html, replace, downloads } from "any2any/draw";
import { valueOf } from "any2any/media";
import { attentionOfBoth } from "any2any/compare/attention";
import { ask } from "any2any/compare/asking";
import { replayFigure } from "any2any/compare/replay";
import { comparisonControls, comparisonOf } from "any2any/compare/comparison_target";
import { isCurrent, logProbabilities, scored } from "any2any/probabilities";
import { recorded } from "any2any/recording";
import { outputs, tokenRows } from "any2any/whatif/change";

/** @import { App } from "any2any/types" */

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "compare",
  title: "Compare",
  hint: "Two models, two checkpoints or two inputs side by side; and below, the training of this model played back "
    + "from the checkpoints that it left.",
  mount(root, app) {
    let answer = null;                                            // what both said, see `ask`
    let request = null;
    const empty = html("p", { class: "empty" }, "Give the model something to translate: see Source.");
    const name = html("p");
    const choices = html("div", { class: "controls" });
    const views = [html("div"), html("div")];
    const sides = html("div", { class: "sides" }, side("A", name, views[0]), side("B", choices, views[1]));
    const pair = html("section", { class: "stack" });
    const replay = html("section", { class: "stack replay" });
    replace(root, empty, sides, pair, replay);
    const drawChoices = comparisonControls(choices, app);
    const played = replayFigure(replay, app);

    async function follow() {
      const ready = app.ready();
      empty.hidden = ready;
      for (const each of [sides, pair]) each.hidden = !ready;
      if (!ready) replay.hidden = true;
      if (!ready || !isCurrent(app.state)) return;
      drawChoices();
      replace(name, html("strong", {}, app.currentRun().name), " ",
        html("span", { class: "soft" }, `${app.state.checkpoint}, as chosen above`));
      played.follow();
      const second = comparisonOf(app);
      if (second) await set(second);
      else replace(pair, html("p", { class: "empty" }, "No other run here takes inputs of this kind."));
    }

    async function set(second) {
      request?.abort();
      const mine = (request = new AbortController());
      pair.classList.add("waiting");
      await recorded(app, async () => {
        const found = await ask(app, second, mine.signal);
        if (mine !== request) return;
        answer = found;
        draw();
      }, (words) => replace(pair, html("p", { class: "empty" }, words)));
      if (mine === request) pair.classList.remove("waiting");
    }

    function draw() {
      if (!answer) return;
      const { one, other } = answer;
      [one, other].forEach(({ source }, i) => replace(views[i], source && valueOf(source.view, "small")));
      replace(pair, written(app, answer), probabilities(app, answer), attentionOfBoth(app, answer, pair.clientWidth));
    }

    app.on("change", (keys) => {
      if (["look", "second", "run", "task", "vocabulary"].some((key) => keys.has(key))) return void follow();
      if (["head", "theme", "chosen"].some((key) => keys.has(key))) { draw(); played.draw(); }
    });
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - width) < 2) return;
      width = contentRect.width;
      draw();
      played.draw();
    }).observe(root);
    follow();
  },
};

/** One side of the comparison: its letter, its model and its input. */
function side(letter, model, view) {
  const content = html("div", { class: "stack" }, model, view);
  return html("div", { class: "side" }, html("span", { class: "letter" }, letter), content);
}

/** @param {App} app */
function written(app, { one, other, own }) {
  const title = html("h3", {}, "What they write");
  if (app.task().target.tokens) return [title, outputs(own.map((each, i) => ({ name: "AB"[i], ...each })))];
  const values = [one, other].map(({ target: { view } }, i) =>
    html("figure", {}, html("figcaption", {}, "AB"[i]), valueOf(view, "small")));
  return [title, html("div", { class: "side-by-side" }, values)];
}

/** The probabilities that both give to the same tokens, if they have the same vocabulary. @param {App} app */
function probabilities(app, { one, other, alike, second }) {
  if (!app.task().target.tokens || !second.task.target.tokens) return null;
  if (!alike) {
    return html("p", { class: "note" }, "The two have different vocabularies, so there are no probabilities to set "
      + "side by side, and B is shown at its own output.");
  }
  const tokens = scored(one, app.state.vocabulary);
  if (tokens.length === 0) return null;
  const [a, b] = [one, other].map((look) => logProbabilities(look, tokens));
  const rows = tokens.map(({ token, row }, i) =>
    ({ label: app.label(token), before: a[i], after: b[i], chosen: row === app.position() }));
  const pick = (row) => app.choose(Math.min(row, app.count() - 1));
  const table = tokenRows(rows, { names: ["A", "B"], change: "B − A, log-probability", onPick: pick });
  const save = downloads({ name: "compare", figure: () => table, data: () => rows });
  return [html("div", { class: "title-row" }, html("h3", {}, "How probable each finds the output on this page"), save), table];
}
