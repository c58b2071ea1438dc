// The distribution of the next token: all its probabilities, and the effect of temperature, top-k and top-p.

import { html, replace, button, slider, segmented, framed } from "any2any/draw";
import { distribution, entropy, percent, draw, random } from "any2any/numbers";
import { likeliest } from "any2any/probabilities";
import { runningText } from "any2any/token";
import { readable } from "any2any/media/text";

/** @import { App } from "any2any/types" */

const BARS = 16;

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "distribution",
  title: "The next word",
  hint: "At each step the model gives every token of its vocabulary a probability. Temperature sharpens or flattens them, top-k and top-p cut the unlikely ones off. Click any bar to write that token instead.",

  mount(root, app) {
    const settings = controls(app);
    const figure = html("div");
    replace(root, html("div", { class: "distribution" }, settings.element, figure));
    const redraw = () => replace(figure, app.state.look?.logits && app.state.vocabulary ? bars(app)
      : html("p", { class: "empty" }, app.state.look && !app.state.look.logits
        ? "This model writes frames, which are numbers: there is no choice among tokens to show."
        : "Nothing is translated yet: see Source."));
    app.on("change", (keys) => {
      if (["look", "chosen", "vocabulary", "temperature", "top_k", "top_p", "choice", "seed"].some((key) => keys.has(key))) redraw();
      settings.update();
    });
    redraw();
  },
};

/** The row of logits that the panel shows: that of the chosen output position, else of the next token; or where nothing but the
 * end follows, that at which the model was least sure.
 * @param {App} app */
export function rowShown(app) {
  const { chosen, tokens, look } = app.state;
  return Math.min(chosen ?? (isWhole(app) ? leastSure(app) : tokens.length), look.logits.shape[0] - 1);
}

/** True if the output is finished, or the model would finish it now. @param {App} app */
function isWhole(app) {
  const { tokens, look, vocabulary } = app.state;
  if (app.finished()) return true;
  return tokens.length > 0 && look.logits.shape[0] > tokens.length && likeliest(app.logits(tokens.length), vocabulary.forbidden) === vocabulary.end;
}

/** The written position whose distribution has the largest entropy; the end is none. @param {App} app */
function leastSure(app) {
  const { tokens, vocabulary } = app.state;
  const bits = tokens.filter((token) => token !== vocabulary.end).map((_, row) => entropy(distribution(app.logits(row), { forbidden: app.decoding().forbidden }).before));
  return bits.length === 0 ? 0 : bits.indexOf(Math.max(...bits));
}

// ---- settings ----

/** @type {{ value: "best"|"sample", label: string }[]} */
const CHOICES = [{ value: "best", label: "Take the likeliest" }, { value: "sample", label: "Draw one" }];

/** @param {App} app */
function controls(app) {
  const { state, set } = app;
  const temperature = slider({ label: "Temperature", min: 0, max: 2, step: 0.05, value: state.temperature,
    format: (value) => value.toFixed(2), onchange: (value) => set({ temperature: value }) });
  const topK = slider({ label: "Top-k", min: 0, max: 40, step: 1, value: state.top_k,
    format: (value) => (value === 0 ? "all" : String(value)), onchange: (value) => set({ top_k: value }) });
  const topP = slider({ label: "Top-p", min: 0.05, max: 1, step: 0.01, value: state.top_p,
    format: (value) => (value === 1 ? "all" : value.toFixed(2)), onchange: (value) => set({ top_p: value }) });
  const choice = segmented({ label: "How a step chooses", value: state.choice, onchange: (value) => set({ choice: value }), options: CHOICES });
  const seed = html("input", { type: "number", min: 0, step: 1, value: state.seed, "aria-label": "Seed of the draw",
    onchange: () => set({ seed: Math.round(Number(seed.value)) || 0 }) });
  const seedRow = html("div", { class: "controls" }, html("label", { class: "controls" }, html("span", { class: "soft small" }, "Seed"), seed),
    button("Draw again", () => set({ seed: state.seed + 1 }), { title: "Take the next seed" }));
  const element = html("section", { class: "stack settings" }, temperature, topK, topP, choice, seedRow,
    button("Reset", () => set({ temperature: 1, top_k: 0, top_p: 1, choice: "best" }), { title: "Back to the model's own distribution", class: "quiet" }));
  const update = () => {
    temperature.set(state.temperature);
    topK.set(state.top_k);
    topP.set(state.top_p);
    choice.set(state.choice);
    seed.value = String(state.seed);
    seedRow.hidden = state.choice !== "sample";
  };
  update();
  return { element, update };
}

// ---- bars ----

/** @param {App} app */
function bars(app) {
  const row = rowShown(app);
  const { before, after, order } = distribution(app.logits(row), app.decoding());
  const written = app.state.tokens[row];
  const drawn = app.state.choice === "sample" ? draw(after, random(app.state.seed, row)) : order[0];
  const shown = order.slice(0, BARS);
  for (const token of [written, drawn]) if (token !== undefined && !shown.includes(token)) shown.push(token);
  const most = Math.max(before[order[0]], after[order[0]]);
  const rest = 1 - shown.reduce((sum, token) => sum + after[token], 0);
  const kept = after.reduce((count, p) => count + (p > 0 ? 1 : 0), 0);
  const rows = shown.map((token) => bar(app, { token, row, before: before[token], after: after[token], most, written: token === written, drawn: token === drawn }));
  const data = () => ({ row, temperature: app.state.temperature, top_k: app.state.top_k, top_p: app.state.top_p,
    tokens: shown.map((token) => ({ token, label: app.label(token), model: before[token], after: after[token] })) });
  return framed({
    title: titleOf(app, row), name: "distribution", data,
    controls: html("span", { class: "badge" }, `${entropy(after).toFixed(2)} bits`),
    note: `${kept} of ${after.length} tokens can be drawn; those not shown share ${percent(Math.max(0, rest))}. Pale: what the model says at temperature 1. Solid: what is drawn from.`,
  }, html("div", { class: "bars" }, rows));
}

/** @param {App} app */
function titleOf(app, row) {
  const before = app.state.look.target.positions.slice(Math.max(0, row - 4), row).map(({ label, region }) => readable(label, region).text);
  return row === 0 ? "The first token" : `After “${row > 4 ? "… " : ""}${runningText(before)}”`;
}

/** @param {App} app */
function bar(app, { token, row, before, after, most, written, drawn }) {
  const width = (share) => ({ width: `${(100 * share) / most}%` });
  const marks = [written ? "written" : null, drawn ? (app.state.choice === "sample" ? "drawn" : "likeliest") : null].filter(Boolean);
  return html("button", { type: "button", class: `bar-row ${after === 0 ? "cut" : ""} ${written ? "written" : ""}`,
    "data-token": token, "data-probability": after, "data-model-probability": before,
    title: `Write “${app.label(token)}” here and go on`,
    onclick: () => app.force(row, token, { goOn: true }) },
  html("span", { class: "bar-label" }, readable(app.label(token), null).text),
  html("span", { class: "bar-track" }, html("span", { class: "bar-before", style: width(before) }), html("span", { class: "bar-after", style: width(after) })),
  html("span", { class: "bar-number" }, after === 0 ? "cut" : percent(after)),
  html("span", { class: "bar-mark" }, marks.join(", ")));
}
