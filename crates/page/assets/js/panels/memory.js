// Memory: the strength with which each source word counts for a word of the output, and accuracy by distance. Two
// models side by side: a transformer reaches every word in one step, an LSTM carries all that it has read along.

import { LIKELIEST, api, canonical } from "any2any/api";
import { category, downloads, html, replace, segmented } from "any2any/draw";
import { countAll, drawAccuracy } from "any2any/memory/accuracy";
import { decades, drawReach, fading, plain, power, wordsOf } from "any2any/memory/reach";
import { comparisonControls, comparisonOf, nameByStep } from "any2any/compare/comparison_target";
import { isCurrent } from "any2any/probabilities";
import { recorded } from "any2any/recording";

/** @import { App } from "any2any/types" */

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "memory",
  title: "Memory",
  hint: "How much does a word that was read long ago still matter? A transformer reaches every word in one step; an LSTM has to carry it through all words between.",
  mount(root, app) {
    const empty = html("p", { class: "empty" }, "Give the model something to translate: see Source.");
    const choices = html("div", { class: "controls" });
    const name = html("strong");
    const models = html("div", { class: "models" },
      html("div", { class: "model" }, key(0), name), html("div", { class: "model" }, key(1), choices));
    const parts = [html("section", { class: "card stack" }), html("section", { class: "card stack" })];
    replace(root, empty, models, parts);
    const drawChoices = comparisonControls(choices, app, { inputs: false });
    const [reach, accuracy] = [reachFigure(parts[0], app), accuracyFigure(parts[1], app)];

    function follow() {
      const able = app.ready() && app.task().source && app.task().target.tokens;
      empty.hidden = able;
      empty.textContent = app.ready() ? "This panel is about models that read a source and write tokens." : "Give the model something to translate: see Source.";
      for (const each of [models, ...parts]) each.hidden = !able;
      if (!able) return;
      name.textContent = app.currentRun().name;
      drawChoices();
      reach.follow();
      accuracy.follow();
    }

    app.on("change", (keys) => {
      if (["look", "chosen", "second", "run", "task", "checkpoint", "vocabulary"].some((each) => keys.has(each))) follow();
      else if (keys.has("theme")) { reach.draw(); accuracy.draw(); }
      if (keys.has("hover")) reach.mark();
    });
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - width) < 2) return;
      width = contentRect.width;
      reach.draw();
      accuracy.draw();
    }).observe(root);
    follow();
  },
};

/** The mark of a model's colour. */
const key = (i) => html("span", { class: "key", style: { backgroundColor: category(i) }, "aria-hidden": "true" });

/** The compared models: the page's own and, if there is one, that of another run. @param {App} app */
function models(app) {
  const own = { name: app.currentRun().name, run: app.state.run, checkpoint: app.state.checkpoint, task: app.state.task };
  const second = comparisonOf(app);
  const other = second && { name: second.run.name, run: second.run.number, checkpoint: second.checkpoint, task: second.task.number };
  const asked = (/** @type {{ run: number, checkpoint: string, task: number }} */ { run, checkpoint, task }) =>
    canonical({ run, task, checkpoint: nameByStep(app.state.runs.find(({ number }) => number === run), checkpoint) });
  if (!other || asked(own) === asked(other)) return [own];
  // Two checkpoints of one run have one name.
  if (own.name === other.name) for (const each of [own, other]) each.name = `${each.name}, ${each.checkpoint}`;
  return [own, other];
}

// ---- what still matters ----

/** @param {HTMLElement} root @param {App} app */
function reachFigure(root, app) {
  let shown = null;                                               // { series, labels, word }
  let drawn = null;
  let request = null;
  const head = html("h3");
  const figure = html("div", { class: "figure" });
  const note = html("p", { class: "note", role: "status" });
  const save = downloads({ name: "memory", figure: () => figure, data: () => shown });
  replace(root, html("div", { class: "title-row" }, head, save), figure, note);

  async function follow() {
    const { look, tokens } = app.state;
    const position = app.position();
    if (!isCurrent(app.state) || position < 0 || position >= tokens.length) return;
    const labels = wordsOf(look);
    const word = plain(app.label(tokens[position]));
    request?.abort();
    const mine = (request = new AbortController());
    root.classList.add("waiting");
    await recorded(app, async () => {
      const found = await Promise.all(models(app).map((model, i) => strength(app, model, i === 0, mine.signal)
        .catch((error) => { if (i === 0 || error.code !== "not_recorded") throw error; })));
      if (mine !== request) return;
      // A recording may have only the page's own model.
      shown = { word, labels, series: found.filter(Boolean) };
      draw();
    }, (words) => { shown = null; replace(figure); note.textContent = words; });
    if (mine === request) root.classList.remove("waiting");
  }

  function draw() {
    if (!shown || root.hidden) return;
    const { series, labels, word } = shown;
    head.textContent = `What still matters for “${word}”`;
    drawn = drawReach(figure, series, { labels, onHover: (position) => app.set({ hover: position === null ? null : { side: "source", position } }) });
    const said = series.map(({ name, values, word: own, probability }) =>
      `${name} (${own === word ? "" : `“${own}”, `}probability ${power(probability)}): the farthest quarter of the source is at ${power(10 ** fading(values))} of the strongest word.`);
    note.textContent = `Length of the gradient of the word's log-probability at each position of the source, as a share of the model's strongest one; each line is ten times less. ${said.join(" ")}`;
    mark();
  }

  function mark() {
    const { hover } = app.state;
    drawn?.mark(hover?.side === "source" ? hover.position : null);
  }

  return { follow, draw, mark };
}

/** The gradient norms of one model for the page's word; a model with another vocabulary explains the word that it
 * writes itself at that place. @param {App} app */
async function strength(app, { name, run, checkpoint, task }, own, signal) {
  const { look, input, window, vocabulary } = app.state;
  // Another run may have other data: a text is the same for every run.
  const source = own || look.source.view.text === undefined ? input : { text: look.source.view.text };
  const body = { run, checkpoint, task, source, ...(source ? { window } : {}) };
  let { tokens } = app.state;
  let labels = vocabulary.tokens;
  if (!own) {
    labels = (await api.vocabulary({ run, task })).tokens;
    if (canonical(labels) !== canonical(vocabulary.tokens)) {
      const { outputs: [[best]] } = await api.translate({ ...body, decoding: LIKELIEST }, signal);
      ({ tokens } = best);
    }
  }
  const position = Math.min(app.position(), tokens.length - 1);
  const { source: values, base } = await api.attribution({ ...body, tokens, position, method: "gradient_norm" }, signal);
  return { name, values, decades: decades(values), word: plain(labels[tokens[position]]), probability: Math.exp(base) };
}

// ---- how often it is right ----

/** @type {{ value: "right"|"first_right", label: string, title: string }[]} */
const MEASURES = [
  { value: "first_right", label: "First word", title: "The verb: it has to agree with a subject that is far away" },
  { value: "right", label: "Whole output", title: "Every word" },
];

/** @param {HTMLElement} root @param {App} app */
function accuracyFigure(root, app) {
  /** @type {"right"|"first_right"} */
  let what = "first_right";
  let series = [];
  let asked = "";
  const figure = html("div", { class: "figure" });
  const note = html("p", { class: "note", role: "status" });
  const choice = segmented({ label: "What has to be right", options: MEASURES, value: what, onchange: (value) => { what = value; draw(); } });
  const save = downloads({ name: "accuracy-by-distance", figure: () => figure, data: () => ({ what, series }) });
  replace(root, html("div", { class: "title-row" }, html("h3", {}, "How often it is right, by distance"), choice, save), figure, note);

  async function follow() {
    const compared = models(app);
    const question = JSON.stringify(compared);
    if (question === asked) return;
    asked = question;
    series = compared.map(({ name }) => ({ name, groups: [], share: 0 }));
    choice.hidden = false;
    draw();
    const split = "test";
    await Promise.all(compared.map(async ({ run, checkpoint, task }, i) => {
      const tell = (groups, share) => {
        if (question !== asked) return;
        Object.assign(series[i], { groups, share });
        draw();
      };
      const { splits } = app.state.runs.find(({ number }) => number === run).model.tasks.find(({ number }) => number === task);
      const count = () => countAll({ run, checkpoint, task, split }, tell, () => question === asked && !root.hidden);
      if (splits.includes(split)) await recorded(app, count, () => {});
    }));
    if (question === asked && !root.hidden && series.every(({ groups }) => groups.length === 0)) missing();
  }

  function missing() {
    choice.hidden = true;
    replace(figure);
    note.textContent = "The data of this task does not say how far apart things stand: it has no field “distance”. Train configs/agreement.yaml and configs/agreement-lstm.yaml, whose sentences pull subject and verb apart, and open both runs here.";
  }

  function draw() {
    if (root.hidden || choice.hidden) return;
    drawAccuracy(figure, series, what);
    const total = (groups, field) => groups.reduce((sum, group) => sum + group[field], 0);
    const said = series.filter(({ groups }) => groups.length > 0).map(({ name, groups, share }) => {
      const samples = total(groups, "samples");
      return `${name}: ${((100 * total(groups, what)) / samples).toFixed(1)} % of ${samples}${share < 1 ? " so far" : ""}.`;
    });
    note.textContent = `Sentences of the test split, by the number of words between the subject and its verb; bands are 95 % intervals. ${said.join(" ")}`;
  }

  return { follow, draw };
}
