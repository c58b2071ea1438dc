// Attribution for one token, beside the attention of a head: two pictures of the same source that need not agree.

import { api, offline } from "any2any/api";
import { html, replace, button, segmented, downloads } from "any2any/draw";
import { firstHead, nameOf } from "any2any/attention";
import { highlightOf } from "any2any/highlight";
import { figureOf } from "any2any/media";
import { readable } from "any2any/media/text";
import { minus, percent, signed as withSign } from "any2any/numbers";
import { recorded } from "any2any/recording";
import { isCurrent, kendall } from "any2any/probabilities";
import { contrastChoice } from "any2any/whatif/contrast";

/** @import { App } from "any2any/types" */

/** Occlusion asks the model once for each position, and integrated gradients once for each point of their way: with more
 * positions than this they wait to be asked for. */
const MANY = 200;

const METHODS = [
  { value: "occlusion", label: "Occlusion", title: "How much log-probability is lost when a position is hidden" },
  { value: "gradient", label: "Gradient", title: "Gradient of the log-probability times the embedded position" },
  { value: "integrated_gradients", label: "Integrated gradients",
    title: "Gradients summed on the way from embeddings of zeros (Sundararajan, Taly and Yan, 2017)" },
];

/** Fills `root`, and returns a function that redraws it. @param {HTMLElement} root @param {App} app */
export function attributionFigure(root, app) {
  let method = "occlusion";
  let shown = null;                                               // { attribution, position, token }
  let request = null;
  let timer = 0;
  let painted = [];
  const head = html("h3");
  const choose = (value) => { method = value; ask(); };
  const other = contrastChoice(app, () => ask());
  const choice = segmented({ label: "Method", options: METHODS, value: method, onchange: choose });
  const pair = html("div", { class: "side-by-side" });
  const note = html("p", { class: "note", role: "status" });
  const saving = downloads({ name: "attribution", figure: () => pair, data: () => ({ method, ...shown }) });
  replace(root, html("div", { class: "title-row" }, head, other.element, choice, saving), pair, note, paragraph());

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  }

  async function ask(anyway = false) {
    request?.abort();
    if (!isCurrent(app.state)) return;
    const { look, tokens } = app.state;
    const position = app.position();
    root.hidden = !look?.logits || position < 0 || position >= tokens.length;
    if (root.hidden) return;
    head.textContent = `What counted for “${readable(app.label(tokens[position])).text}”`;
    other.draw(position);
    const contrast = other.contrast();
    const many = look.source?.positions.length ?? tokens.length;
    if (method !== "gradient" && many > MANY && !anyway && !offline) return invite(many);
    const mine = (request = new AbortController());
    pair.classList.add("waiting");
    await recorded(app, async () => {
      const attribution = await api.attribution(app.request({ tokens, position, method,
        ...(contrast === null ? {} : { contrast }), ...app.alteration() }), mine.signal);
      if (mine !== request) return;
      shown = { attribution, position, token: tokens[position], contrast };
      draw();
    }, (words) => { shown = null; replace(pair); note.textContent = words; });
    if (mine === request) pair.classList.remove("waiting");
  }

  function invite(count) {
    const work = method === "occlusion" ? `Occlusion hides each of the ${count} positions in turn. `
      : `Integrated gradients pass ${count} positions forward and backward 16 times or more. `;
    replace(note, work, button("Do it", () => ask(true)));
  }

  function draw() {
    const { look } = app.state;
    if (!look || shown.position >= look.target.positions.length) return;
    painted = [];
    const { source, target } = shown.attribution;
    const seen = attentionHead(app);
    const attention = highlightOf(look, seen, { side: "target", position: shown.position });
    replace(pair,
      column(`Attention: ${nameOf(seen)}`, "where the head took values from", attention, false),
      column(nameOfMethod(), "blue: spoke against the word; orange: for it", { source, target: target.slice(1) }, true));
    const [one, other] = look.source ? [attention.source, source] : [attention.target, target.slice(1)];
    const agreement = one && one.length === other.length ? kendall(one, Array.from(other, Math.abs)) : null;
    replace(note, told(), " ",
      agreement === null ? "" : `The two order the positions alike to a degree of τ = ${minus(agreement.toFixed(2))} `
        + "(Kendall: 1 the same order, 0 none in common, −1 the opposite).");
    hover();
  }

  /** What is explained, and how far the weights sum up to it. */
  function told() {
    const { attribution: { base, integral }, token, contrast } = shown;
    const word = (/** @type {number} */ each) => `“${readable(app.label(each)).text}”`;
    const number = contrast === null
      ? `The word had log-probability ${minus(base.toFixed(2))} (${percent(Math.exp(base))}).`
      : `${word(token)} is ${factor(base)} than ${word(contrast)}: its log-probability is ${withSign(base)} above, `
        + "and the weights say what speaks for the one and against the other (Yin and Neubig, 2022).";
    if (!integral) return number;
    const { source, target } = shown.attribution;
    const sum = [...source, ...target].reduce((all, each) => all + each, 0);
    return `${number} All weights sum to ${withSign(sum, 3)} of ${withSign(base - integral.baseline, 3)}, which the whole input `
      + `changes against embeddings of zeros (${integral.steps} points).`;
  }

  const nameOfMethod = () => METHODS.find(({ value }) => value === method).label;

  function column(title, what, { source, target }, signed) {
    const { look } = app.state;
    const figures = [];
    if (look.source) figures.push(painting("source", { ...look.source, side: "source" }, source, signed));
    const earlier = look.target.positions.slice(0, shown.position);
    const weights = target?.slice(0, earlier.length);
    // Attention has one kind at a time, attribution both.
    if (earlier.length > 0 && weights?.length === earlier.length) {
      figures.push(html("p", { class: "small soft" }, "earlier output"),
        painting("target", { view: null, positions: earlier, side: "target" }, weights, signed));
    }
    const caption = html("figcaption", {}, html("h4", {}, title), html("p", { class: "small soft" }, what));
    return html("figure", { class: "stack" }, caption, figures);
  }

  function painting(side, what, weights, signed) {
    const onHover = (position) => app.set({ hover: position === null ? null : { side, position } });
    const figure = figureOf({ ...what, size: what.view?.image ? "large" : "small", onHover });
    if (weights) figure.paint(weights, { signed });
    painted.push({ side, figure });
    return figure.element;
  }

  function hover() {
    const { hover: place } = app.state;
    for (const { side, figure } of painted) figure.mark({ hover: place?.side === side ? place.position : null });
  }

  app.on("change", (keys) => {
    if (["look", "chosen", "vocabulary"].some((key) => keys.has(key))) later();
    else if ((keys.has("head") || keys.has("theme")) && shown) draw();
    else if (keys.has("hover")) hover();
  });
  ask();
}

/** The head that the page shows if it attends to the explained sequence, else the mean of the last layer that does.
 * @param {App} app */
function attentionHead(app) {
  const { look, head } = app.state;
  return head?.kind === "cross" || (head && !look.source && head.stack === "decoder") ? head : firstHead(look);
}

function paragraph() {
  const link = (url, text) => html("a", { href: url, rel: "noreferrer" }, text);
  return html("div", { class: "card caution" },
    html("h4", {}, "Attention is not explanation"),
    html("p", {},
      "A weight says where a head took values from, not what made the model choose a word: what was fetched may be "
        + "ignored further on, and what counts may arrive by another head or by the residual stream. ",
      link("https://arxiv.org/abs/1902.10186", "Jain and Wallace (2019)"),
      " found that attention often orders the inputs differently from gradients and from leaving inputs out, and that "
        + "very different weights can give the same answer. ",
      link("https://arxiv.org/abs/1908.04626", "Wiegreffe and Pinter (2019)"),
      " replied that this depends on what one calls an explanation: weights that could have been different are still "
        + "part of how this model came to this answer, and can be tested. So look at both, and better still, take "
        + "something away and see what changes."));
}

/** How many times as likely one word is as another, by the difference of their log-probabilities. @param {number} base */
function factor(base) {
  const times = Math.exp(Math.abs(base));
  return `${times > 9999 ? "over 9,999" : times.toPrecision(2)} times ${base >= 0 ? "likelier" : "less likely"}`;
}
