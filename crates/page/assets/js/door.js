// The door of a newcomer: a page that is opened without a link to a state says what it is, names three things to click, and
// begins with an example that has something to see.

import { api, floats, offline } from "any2any/api";
import { layers, meanEntropy } from "any2any/attention";
import { button, html } from "any2any/draw";
import { distribution, entropy } from "any2any/numbers";
import { isCurrent } from "any2any/probabilities";

/** @import { App } from "any2any/types" */

/** The number of samples that the first example is chosen from, and the words that fit on a line of the stage. */
const SAMPLES = 12;
const MOST_WORDS = 16;

/** Opens the door above the panels. @param {App} app @param {HTMLElement} main */
export async function openDoor(app, main) {
  if (!app.task()) return;
  await takeLongSentence(app);
  main.before(card(app));
  once(app, () => app.count() > 0 && isCurrent(app.state), () => pointOut(app));
}

/** Takes a long sentence: a short one has little to look at. @param {App} app */
async function takeLongSentence(app) {
  const split = app.splits()[0];
  if (offline || !split || app.task().source?.kind !== "text") return;
  const { run, task } = app.state;
  await app.attempt(async () => {
    const { samples } = await api.samples({ run, task, split, from: 0, count: SAMPLES });
    const length = ({ source }) => source.text.trim().split(/\s+/).length;
    const [longest] = samples.filter((each) => length(each) <= MOST_WORDS).sort((a, b) => length(b) - length(a));
    if (longest && longest.number !== app.state.input?.sample?.number) await app.give({ sample: { split, number: longest.number } });
  });
}

/** Chooses the word that the model was the least sure of, and the head that looks the sharpest. @param {App} app */
function pointOut(app) {
  const chosen = uncertainWord(app);
  const head = sharpestHead(app);
  app.set({ ...(chosen === null ? {} : { chosen }), ...(head ? { head } : {}) });
}

/** The letters of a content word: most articles and prepositions have fewer. */
const LETTERS = 4;

/** The output position where the content word begins that the model was the least sure of; null where there is none.
 * @param {App} app */
export function uncertainWord(app) {
  const { look, vocabulary } = app.state;
  if (!look?.logits || !vocabulary) return null;
  const labels = look.target.positions.map(({ label }) => label ?? "");
  const pieces = labels.some((label) => label.startsWith("·"));
  const begins = (/** @type {number} */ i) => !pieces || labels[i].startsWith("·");
  const wordAt = (/** @type {number} */ i) => {
    let end = i + 1;
    while (end < labels.length && !begins(end)) end += 1;
    return labels.slice(i, end).join("");
  };
  const bits = (/** @type {number} */ i) => entropy(distribution(app.logits(i), { forbidden: vocabulary.forbidden }).after);
  const words = Array.from(labels.keys()).filter((i) => begins(i) && i < look.logits.shape[0] && (wordAt(i).match(/\p{L}/gu) ?? []).length >= LETTERS);
  return words.sort((a, b) => bits(b) - bits(a))[0] ?? null;
}

/** The head of the last layer, cross-attention where there is some, that looks the sharpest. @param {App} app
 * @returns {import("any2any/state").Head|null} */
function sharpestHead({ state: { look } }) {
  const cross = layers(look, "decoder", "cross");
  const kind = cross.length > 0 ? "cross" : "self";
  const entry = layers(look, "decoder", kind).at(-1);
  if (!entry) return null;
  const { shape: [heads, rows, columns], values } = floats(entry.weights);
  const bits = (/** @type {number} */ head) => meanEntropy({ values, rows, columns, offset: head * rows * columns });
  const [head] = Array.from({ length: heads }, (_, i) => i).sort((a, b) => bits(a) - bits(b));
  return { stack: "decoder", kind, layer: entry.layer, head };
}

/** Calls `work` as soon as `isTrue`, and once. @param {App} app */
function once(app, isTrue, work) {
  if (isTrue()) return work();
  const stop = app.on("change", () => { if (isTrue()) { stop(); work(); } });
}

/** @param {App} app */
function card(app) {
  const close = () => element.remove();
  const tokens = app.task().target.tokens;
  const open = (panel) => () => app.set({ panel });
  const element = html("aside", { class: "door", "aria-label": "For newcomers" },
    html("p", {}, html("strong", {}, "A trained model at work: "), "above, in blue, what it was given; below, in orange, what it makes of it; and the lines show where it looked."),
    html("ol", {},
      html("li", {}, button("See what it hesitated between", open(tokens ? "distribution" : "steps")), tokens ? " at the word that is marked: the one it was least sure of." : " position by position."),
      html("li", {}, button("Open what every head looks at", open("attention")), " and pick another one."),
      html("li", {}, button("Read the story in ten chapters", open("story")), " if all of this is new to you.")),
    button("×", close, { class: "quiet", title: "Close this introduction" }));
  return element;
}
