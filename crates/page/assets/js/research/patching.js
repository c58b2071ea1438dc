// Activation patching (Meng et al. 2022; Zhang and Nanda 2024): states of a pass over another input are put into the pass
// over this one, a layer and a position at a time, and the word that is watched becomes likelier or less likely.

import { api, floats, offline } from "any2any/api";
import { html, replace, button, framed, segmented, divergingRgb, matrixFigure } from "any2any/draw";
import { fileField } from "any2any/media/file";
import { readable, coveredIn } from "any2any/media/text";
import { percent, signed } from "any2any/numbers";
import { isCurrent } from "any2any/probabilities";
import { withoutLayers } from "any2any/research/applies";
import { asker } from "any2any/research/asking";
import { tokenText } from "any2any/token";
import { contrastChoice } from "any2any/whatif/contrast";

/** @import { App, Input, Patching } from "any2any/types" */

/** With more positions of the source, neighbours are patched together. */
const MANY = 64;
const GROUPS = 16;

/** @type {import("any2any/panels/research").Section} */
export function patching(root, app) {
  let stack = "encoder";
  let other = null;                                               // the other input; null: not chosen yet
  let shown = null;                                               // { answer, position, stack, contrast }
  let started = false;                                            // of long inputs, a person begins
  const inputs = html("div", { class: "controls" });
  const contrast = contrastChoice(app, () => look());
  const choice = segmented({ label: "Stack", value: stack, options: [
    { value: "encoder", label: "Encoder", title: "States of what was read" },
    { value: "decoder", label: "Decoder", title: "States of what was written" },
  ], onchange: (value) => { stack = value; look(); } });
  const head = html("h4");
  const figure = html("div", { class: "stack" });
  const note = html("p", { class: "note", role: "status" });
  const card = framed({ title: "States of another input", name: "patching", data: () => shown, controls: html("span", { class: "row" }, choice, contrast.element),
    note: "A cell is one pass over this input, in which the state of one layer and one position is the other input's. Orange: the watched word becomes "
      + "likelier by it, blue: less likely. The last column has all positions at once." }, html("div", { class: "stack" }, inputs, head, figure, note));
  replace(root, card);
  const ask = asker(app, figure);

  /** The first other input: the same text, to be changed, or the next sample. @returns {Input|null} */
  function proposal() {
    const { input, look: seen } = app.state;
    const text = seen?.source?.view.text;
    const split = input?.sample?.split ?? app.splits()[0];
    if (split) return { sample: { split, number: (input?.sample?.number ?? -1) + 1 } };
    return text === undefined ? null : { text };
  }

  function drawInputs() {
    const { kind, extensions = [] } = app.task().source ?? {};
    const isText = kind === "text";
    const take = (/** @type {Input} */ input) => { other = input; started = false; drawInputs(); look(); };
    const text = other?.text ?? app.state.look?.source?.view.text ?? "";
    const split = other?.sample?.split ?? app.state.input?.sample?.split ?? app.splits()[0];
    const field = html("input", { type: "text", class: "grow", value: other?.sample ? "" : text, placeholder: "another text", "aria-label": "The other text",
      onchange: () => field.value.trim() && take({ text: field.value }) });
    const number = html("input", { type: "number", min: 1, value: other?.sample ? other.sample.number + 1 : "", "aria-label": "Number of the other sample",
      onchange: () => take({ sample: { split, number: Math.max(0, Number(number.value) - 1) } }) });
    const file = fileField(extensions, take, { "aria-label": "File of the other input" });
    const named = other?.file ? html("span", { class: "note" }, other.file.name) : null;
    replace(inputs, html("span", { class: "soft" }, "The other input:"), isText ? field : named, isText || extensions.length === 0 ? null : file,
      split ? html("label", { class: "picker" }, html("span", {}, `sample of ${split}`), number) : null);
  }

  function look(anyway = false) {
    if (!isCurrent(app.state)) return;
    const { tokens, look: seen } = app.state;
    const position = app.position();
    if (!app.task().source) return say("Patching needs another source, and this model writes from none.");
    const without = withoutLayers(app, "activation patching");
    if (without) return say(without);
    if (position < 0 || position >= tokens.length) return say("Nothing is written yet whose probability could change.");
    contrast.draw(position);
    if (!other) { other = proposal(); drawInputs(); }
    if (!other) return say("Choose another input, whose states are put into the pass over this one.");
    const count = seen.source?.positions.length ?? 0;
    if (anyway) started = true;
    if (count > 4 * MANY && !started && !offline) {
      replace(figure);
      return replace(note, `Each of ${GROUPS} groups of ${Math.ceil(count / GROUPS)} positions is patched at every layer. `, button("Do it", () => look(true)));
    }
    const [token, against] = [tokens[position], contrast.contrast()];
    const body = app.request({ tokens, position, other, stack, ...(count > MANY ? { groups: GROUPS } : {}),
      ...(against === null ? {} : { contrast: against }), ...app.alteration() });
    ask(body, (signal) => api.patching(body, signal), {
      shown: (answer) => { shown = { answer, position, stack, token, contrast: against }; draw(); },
      said: say,
    });
  }

  /** @param {string} words */
  function say(words) {
    shown = null;
    head.textContent = "";
    replace(figure);
    note.textContent = words;
  }

  function draw() {
    if (!shown) return;
    const { answer, token } = shown;
    const word = (/** @type {number} */ each) => `“${readable(app.label(each)).text}”`;
    head.textContent = shown.contrast === null ? `What makes ${word(token)} likelier` : `What makes ${word(token)} likelier than ${word(shown.contrast)}`;
    const { matrix, rowLabels, columnLabels } = table(answer);
    const high = Math.max(0.01, ...matrix.values.map(Math.abs));
    const side = shown.stack === "encoder" ? "source" : "target";
    const map = matrixFigure({ matrix, rowLabels, columnLabels, low: -high, high, colour: (t) => divergingRgb(2 * t - 1),
      onHover: (at) => app.set({ hover: at && at.column < answer.positions ? { side, position: place(at.column) } : null }) });
    replace(figure, map.element);
    const name = shown.contrast === null ? "Log-probability" : "Log-probability above the other word's";
    const told = (/** @type {number} */ number) => (shown.contrast === null ? `${signed(number)} (${percent(Math.exp(number))})` : signed(number));
    note.textContent = `${name}: ${told(answer.base)} for this input, ${told(answer.other)} for the other.`;
  }

  /** Of groups, the first position; the decoder's first is the begin token, which is none of the output. */
  function place(column) {
    const position = column * shown.answer.group;
    return shown.stack === "encoder" ? position : Math.max(0, position - 1);
  }

  /** Effects with a column for all, the last layer on top. @param {Patching} answer */
  function table(answer) {
    const { shape: [depths, groups], values } = floats(answer.effect);
    const columns = groups + 1;
    const all = new Float32Array(depths * columns);
    for (let depth = 0; depth < depths; depth += 1) {
      const at = (depths - 1 - depth) * columns;
      all.set(values.subarray(depth * groups, (depth + 1) * groups), at);
      all[at + groups] = answer.whole[depth];
    }
    const rowLabels = Array.from({ length: depths }, (_, up) => (up === depths - 1 ? "embedded" : `layer ${depths - 1 - up}`));
    return { matrix: { values: all, rows: depths, columns }, rowLabels, columnLabels: [...names(answer, groups), "all"] };
  }

  /** "dog → cat" where the inputs differ. @param {Patching} answer */
  function names(answer, groups) {
    const { look: seen } = app.state;
    const covered = coveredIn(seen.source.view);
    const own = shown.stack === "encoder" ? seen.source.positions.map(({ label, region }) => (label == null ? null : readable(label, region, covered).text))
      : ["begin", ...seen.target.positions.map(({ label }) => readable(label).text)];
    const theirs = answer.labels.map((label, i) => (label == null ? (shown.stack === "decoder" && i === 0 ? "begin" : null) : readable(tokenText(label)).text));
    return Array.from({ length: groups }, (_, group) => {
      const first = group * answer.group;
      if (answer.group > 1) return `${first + 1}–${Math.min(answer.positions, first + answer.group)}`;
      const [mine, other] = [own[first], theirs[first]];
      return mine == null ? String(first + 1) : mine === other || other == null ? mine : `${mine} → ${other}`;
    });
  }

  drawInputs();
  look();
  return (keys) => {
    if (["run", "task", "input"].some((key) => keys.has(key))) { other = null; started = false; drawInputs(); }
    if (["look", "tokens", "chosen", "vocabulary"].some((key) => keys.has(key))) look();
    else if (keys.has("theme")) draw();
  };
}
