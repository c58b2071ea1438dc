// Logit lens (nostalgebraist 2020): the word that each layer of the decoder would choose, if no further layer followed.

import { api, floats } from "any2any/api";
import { html, replace, framed, segmented, colourBar, inkOn, css, sequentialRgb } from "any2any/draw";
import { readable } from "any2any/media/text";
import { minus, percent } from "any2any/numbers";
import { isCurrent } from "any2any/probabilities";
import { withoutLayers } from "any2any/research/applies";
import { asker } from "any2any/research/asking";
import { tokenText } from "any2any/token";

/** @import { App, Lens } from "any2any/types" */

/** The numbers that a cell can be coloured by.
 * @type {{ value: "log_probability"|"entropy"|"divergence"|"rank", label: string, title: string, told: (number: number) => string,
 *   share: (number: number, high: number) => number, most: (numbers: Float32Array) => number,
 *   bar?: (share: number) => number }[]}   bar: the number that a share of the bar of colours stands for, where it is not that share of the most */
const MEASURES = [
  { value: "log_probability", label: "Probability", title: "How likely the layer holds the word that was written", told: (number) => percent(Math.exp(number)),
    share: (number) => Math.exp(number), most: () => 1, bar: (share) => Math.log(share) },
  { value: "rank", label: "Rank", title: "How many words the layer holds likelier", told: (number) => `rank ${number + 1}`,
    share: (number, high) => Math.log1p(number) / Math.log1p(high || 1), most: (numbers) => Math.max(...numbers) },
  { value: "entropy", label: "Entropy", title: "How unsure the layer is, in bits", told: (number) => `${number.toFixed(2)} bits`,
    share: (number, high) => number / (high || 1), most: (numbers) => Math.max(...numbers) },
  { value: "divergence", label: "Divergence", title: "How far it is from what the last layer says, in bits", told: (number) => `${number.toFixed(2)} bits`,
    share: (number, high) => number / (high || 1), most: (numbers) => Math.max(...numbers) },
];

/** @param {number} depth */
const nameOfDepth = (depth) => (depth === 0 ? "embedded" : `layer ${depth}`);

/** @type {import("any2any/panels/research").Section} */
export function lens(root, app) {
  let measure = MEASURES[0];
  let shown = null;                                               // { lens, tokens }
  const figure = html("div", { class: "stack" });
  const choice = segmented({ label: "Colours", options: MEASURES, value: measure.value,
    onchange: (value) => { measure = MEASURES.find((each) => each.value === value); draw(); } });
  const bar = html("span");
  const detail = html("div");
  const card = framed({ title: "What each layer would write", name: "logit-lens", controls: html("span", { class: "row" }, choice, bar), data: () => shown?.lens,
    note: "Each row is the stream behind a layer of the decoder, read as if no further layer followed: through the last norm and the output's "
      + "softmax. A cell has the likeliest word there, its colour how likely the word is that stands above it. Click one to take its column apart." }, html("div", { class: "stack" }, figure, detail));
  replace(root, card);
  const ask = asker(app, figure);

  function look() {
    if (!isCurrent(app.state)) return;
    const without = withoutLayers(app, "the logit lens");
    if (without) return say(without);
    const { tokens } = app.state;
    const body = app.request({ tokens, count: 5, ...app.alteration() });
    ask(body, (signal) => api.lens(body, signal), { shown: (answer) => { shown = { lens: answer, tokens }; draw(); }, said: say });
  }

  /** @param {string} words */
  function say(words) {
    shown = null;
    replace(detail);
    replace(bar);
    replace(figure, html("p", { class: "empty" }, words));
  }

  function draw() {
    if (!shown) return;
    const { lens: answer } = shown;
    const { shape: [depths, rows], values } = floats(answer[measure.value]);
    const high = measure.most(values);
    const columns = Array.from({ length: rows }, (_, row) => row);
    const word = (/** @type {number} */ token) => readable(app.label(token)).text;
    replace(bar, colourBar({ high, colour: (t) => sequentialRgb(measure.share(measure.bar?.(t) ?? t * high, high)) }));
    replace(figure, html("div", { class: "figure" }, html("table", { class: "lens" },
      html("thead", {}, html("tr", {}, html("td"), columns.map((row) => html("th", { scope: "col", class: row === app.position() ? "chosen" : null },
        row < shown.tokens.length ? word(answer.tokens[row]) : `${word(answer.tokens[row])} (next)`)))),
      html("tbody", {}, Array.from({ length: depths }, (_, up) => depths - 1 - up).map((depth) => html("tr", {},
        html("th", { scope: "row" }, nameOfDepth(depth)),
        columns.map((row) => cell(answer, depth, row, values[depth * rows + row], high))))))));
    drawDetail();
  }

  /** @param {Lens} answer */
  function cell(answer, depth, row, number, high) {
    const [best] = answer.likeliest[depth][row];
    const rgb = sequentialRgb(measure.share(number, high));
    const label = readable(tokenText(best.label)).text;
    return html("td", {}, html("button", { type: "button", class: row === app.position() ? "chosen" : null, style: { backgroundColor: css(rgb), color: inkOn(rgb) },
      title: `${nameOfDepth(depth)}: ${label} ${percent(Math.exp(best.log_probability))}; ${readable(app.label(answer.tokens[row])).text}: ${measure.told(number)}`,
      "data-depth": depth, "data-row": row, "data-number": number, "data-token": best.token,
      onclick: () => app.choose(Math.min(row, app.count() - 1)) }, label));
  }

  /** The likeliest words of every layer at the explained position. */
  function drawDetail() {
    const { lens: answer, tokens } = shown;
    const row = Math.max(0, Math.min(app.position(), tokens.length));
    const written = floats(answer.log_probability);
    const [depths, rows] = written.shape;
    replace(detail, html("h4", {}, `How “${readable(app.label(answer.tokens[row])).text}” comes about`),
      html("div", { class: "figure" }, html("table", { class: "numbers lens-detail" },
        html("thead", {}, html("tr", {}, ["behind", "it has", "log-probability", "likeliest there"].map((name) => html("th", { scope: "col" }, name)))),
        html("tbody", {}, Array.from({ length: depths }, (_, up) => depths - 1 - up).map((depth) => {
          const number = written.values[depth * rows + row];
          return html("tr", { "data-depth": depth, "data-log-probability": number }, html("td", {}, nameOfDepth(depth)), html("td", {}, percent(Math.exp(number))),
            html("td", {}, minus(number.toFixed(2))),
            html("td", {}, answer.likeliest[depth][row].map(({ token, label, log_probability }) => html("span", { class: `likely${token === answer.tokens[row] ? " own" : ""}` },
              `${readable(tokenText(label)).text} ${percent(Math.exp(log_probability))}`))));
        })))));
  }

  look();
  return (keys) => {
    if (["look", "tokens", "vocabulary"].some((key) => keys.has(key))) { look(); draw(); }
    else if (keys.has("chosen") || keys.has("theme")) draw();
  };
}
