// Chapter 8: autocomplete. A language model gives every token a probability to come next; the temperature sharpens or
// flattens them before one is drawn.

import { svg } from "any2any/draw";
import { distribution, draw as drawToken, entropy, percent, random } from "any2any/numbers";
import { rowOfLogits } from "any2any/probabilities";
import { runningText, tokenText } from "any2any/token";
import { Missing, credit, examplesOf, firstAnswered, languageModels, passageOf, suited, translators } from "any2any/story/examples";
import { WIDTH, drawing, text } from "any2any/story/drawing";

/** The tokens that are shown. */
const SHOWN = 8;
/** Draws whose frequencies stand beside the probabilities. */
const DRAWS = 100;
const TEMPERATURES = [1, 0.3, 2];

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "autocomplete",
  title: "Autocomplete",
  steps: 4,
  text: (link) => ["A decoder alone is a language model: it gives ", link("every token a probability", 0), " to come next. A ",
    link("low temperature", 1), " keeps to the likeliest, a ", link("high one", 2), " dares more. Take one, append it, ask again: ",
    link("the text writes itself", 3), "."],
  async open({ app, animation }) {
    const passage = await languagePassage(app);
    const { example, tokens, look, vocabulary } = passage;
    const label = (token) => tokenText(vocabulary.tokens[token] ?? String(token));
    const first = uncertain(look, tokens.length, vocabulary.forbidden);
    const bars = svg("g");
    const element = drawing("The probability of each next token", bars);
    const show = (at, temperature) => replaceBars(bars, { look, tokens, vocabulary, at, temperature, label });
    return {
      element,
      credit: credit(example.run),
      show(step) {
        if (step < 3) return show(first, TEMPERATURES[step]);
        animation.play(tokens.length + 1, 800, (frame) => show(frame, 1));
      },
    };
  },
};

/** What a language model writes; without one, what a translator writes. @param {import("any2any/types").App} app */
async function languagePassage(app) {
  const tellers = [...languageModels(app), ...translators(app, "transformer")];
  if (tellers.length === 0) {
    throw new Missing("None of these runs writes text token by token.", "any2any train configs/quickstart-language-model.yaml");
  }
  return firstAnswered(suited(await examplesOf(tellers[0]), { words: 9 }), passageOf);
}

/** The row whose next token is the most open, behind at least one token.
 * @param {import("any2any/types").Look} look @param {number} count @param {number[]} forbidden */
function uncertain(look, count, forbidden) {
  const rows = Array.from({ length: count }, (_, i) => i).filter((i) => i > 0 || count === 1);
  const bits = (row) => entropy(distribution(rowOfLogits(look, row), { forbidden }).after);
  return rows.sort((a, b) => bits(b) - bits(a))[0] ?? 0;
}

function replaceBars(place, { look, tokens, vocabulary, at, temperature, label }) {
  const { after, order } = distribution(rowOfLogits(look, at), { temperature, forbidden: vocabulary.forbidden });
  const counts = new Map();
  for (let i = 0; i < DRAWS; i += 1) {
    const token = drawToken(after, random(7, i));
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const before = runningText(tokens.slice(0, at).map(label));
  const [left, width, top, step] = [330, 620, 190, 68];
  place.replaceChildren(
    text(20, 60, `${[...before].slice(-52).join("")} ▁`, { anchor: "start", size: 40, class: "strong" }),
    text(20, 126, `temperature ${temperature} · ${entropy(after).toFixed(2)} bits of uncertainty`, { anchor: "start", class: "soft" }),
    text(WIDTH - 20, 126, `drawn ${DRAWS} times`, { anchor: "end", class: "soft" }),
    ...order.slice(0, SHOWN).flatMap((token, i) => {
      const share = after[token];
      const y = top + i * step;
      const written = token === tokens[at];
      const name = token === vocabulary.end ? "the end" : label(token);
      return [
        text(left - 20, y + 36, name, { anchor: "end", size: 34, class: written ? "strong target" : "" }),
        svg("rect", { class: written ? "story-bar" : "story-bar other", x: left, y, width: Math.max(2, share * width), height: 48, rx: 4, "data-token": token, "data-share": share }),
        text(left + Math.max(2, share * width) + 14, y + 35, percent(share), { anchor: "start", size: 28 }),
        text(WIDTH - 20, y + 35, String(counts.get(token) ?? 0), { anchor: "end", size: 28, class: "soft" })];
    }));
}
