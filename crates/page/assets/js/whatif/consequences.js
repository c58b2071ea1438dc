// The consequences of masked positions, silenced heads and edited attention: the output, the probability of each token of the page, and
// the distribution from which the explained word was chosen.

import { api } from "any2any/api";
import { html, replace, downloads } from "any2any/draw";
import { valueOf } from "any2any/media";
import { readable } from "any2any/media/text";
import { logProbabilities, rowOfLogits, scored } from "any2any/probabilities";
import { recorded } from "any2any/recording";
import { distributions, outputs, tokenRows } from "any2any/whatif/change";
import { rewrite, textOf } from "any2any/whatif/rewrite";

/** @import { App } from "any2any/types" */

/** @type {[string, string]} */
const NAMES = ["before", "after"];

/** Fills `root`; returns a function that redraws it for changed keys of the state.
 * @param {HTMLElement} root @param {App} app */
export function consequences(root, app) {
  let before = null;                                              // { question, look }
  let after = null;                                               // a look
  let written = null;                                             // what the model would write, before and after
  let missing = null;                                             // why that is not known
  let request = null;
  const figures = html("div", { class: "stack" });
  const save = downloads({ name: "what-if", figure: () => figures, data: () => numbers() });
  replace(root, html("div", { class: "title-row" }, html("h3", {}, "What changes"), save), figures);

  const untouched = () => Object.keys(app.alteration()).length === 0;

  async function follow() {
    request?.abort();
    const mine = (request = new AbortController());
    missing = null;
    root.classList.add("waiting");
    await recorded(app, () => find(mine), (words) => { missing = words; draw(); });
    if (mine === request) root.classList.remove("waiting");
  }

  async function find(mine) {
    const { tokens, look, vocabulary } = app.state;
    const question = JSON.stringify([app.request(), tokens]);
    const asker = (more) => (list) =>
      api.look(app.request(app.task().target.tokens ? { ...more, tokens: list } : more), mine.signal);
    if (untouched()) before = { question, look };
    else if (before?.question !== question) {
      const unchanged = await asker({})(tokens);
      if (mine !== request) return;
      before = { question, look: unchanged };
    }
    after = look;
    written = null;
    draw();
    if (!look.logits || !vocabulary) return;
    const most = look.longest;
    const own = await rewrite(asker({}), tokens, vocabulary, { first: before.look, most });
    const other = untouched() ? own : await rewrite(asker(app.alteration()), tokens, vocabulary, { first: after, most });
    if (mine !== request) return;
    written = [own, other];
    draw();
  }

  function draw() {
    if (before && after) replace(figures, after.logits ? ofTokens() : ofFrames());
  }

  function ofFrames() {
    return [before.look, after].map((look, i) =>
      html("div", {}, html("h4", {}, NAMES[i]), valueOf(look.target.view, "small")));
  }

  function ofTokens() {
    const { vocabulary } = app.state;
    if (!vocabulary) return [];
    const row = Math.min(Math.max(0, app.position()), after.logits.shape[0] - 1);
    const word = after.target.positions[row]?.label;
    const tokens = rows();
    const yet = { text: textOf(before.look) };                    // until it is known what the model itself writes
    return [
      outputs([{ name: "The model writes", ...(written?.[0] ?? yet) },
        ...(untouched() ? [] : [{ name: "It would then write", ...(written?.[1] ?? yet) }])]),
      missing && note(missing),
      untouched() ? note("Nothing is hidden, and no head is silent or turned. What you change shows here, beside what was before.") : null,
      tokens.length === 0 ? null : [
        html("h4", {}, "How probable the output on this page is"),
        tokenRows(tokens, { names: NAMES, onPick: (at) => app.choose(Math.min(at, app.count() - 1)) }),
      ],
      html("h4", {}, word == null ? "The first word" : `The choice at “${readable(word).text}”`),
      distributions(rowOfLogits(before.look, row), rowOfLogits(after, row),
        { forbidden: vocabulary.forbidden, label: app.label, names: NAMES }),
    ];
  }

  function rows() {
    const tokens = scored(before.look, app.state.vocabulary);
    const [one, other] = [before.look, after].map((look) => logProbabilities(look, tokens));
    return tokens.map(({ token, row }, i) => ({
      label: app.label(token), before: one[i], after: untouched() ? null : other[i], chosen: row === app.position(),
    }));
  }

  function numbers() {
    const { masked, ablated, edited } = app.state;
    return {
      masked, ablated, edited, tokens: after?.logits ? rows() : null,
      written: written?.map(({ tokens, text, log_probability }) => ({ tokens, text, log_probability })),
    };
  }

  return (keys) => {
    if (keys.has("look")) follow();
    else if (["chosen", "theme", "vocabulary"].some((key) => keys.has(key))) draw();
  };
}

const note = (words) => html("p", { class: "note" }, words);
