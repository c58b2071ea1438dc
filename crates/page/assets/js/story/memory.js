// Chapter 2: memory fades. How strongly each word of a long sentence still counts for the verb that must agree with its
// subject: for a recurrent network, and for a transformer.

import { category, html, replace, svg } from "any2any/draw";
import { countAll, drawAccuracy } from "any2any/memory/accuracy";
import { decades, drawReach, fading, plain, power, wordsOf } from "any2any/memory/reach";
import { Missing, credit, examplesOf, firstAnswered, gradientsOf, passageOf, suited, translators, wordsIn } from "any2any/story/examples";
import { fitted } from "any2any/story/drawing";

/** @import { App } from "any2any/types" */
/** @import { Passage, Teller } from "any2any/story/examples" */

/** The number of words of the example: as many as fit on a screen. */
const WORDS = 34;
/** Widths of the figures in their own units: narrow, so that their letters are large on the screen. */
const [REACH, ACCURACY] = [640, 520];

const COMMAND = "any2any train configs/agreement.yaml && any2any train configs/agreement-lstm.yaml && any2any explore runs/agreement runs/agreement-lstm";

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "memory",
  title: "Memory fades",
  steps: 3,
  text: (link) => ["“The cat that …, was full”: the verb needs its subject, many words back. ", link("In a recurrent network", 0),
    ", what a word still counts for falls with every word between. ", link("A transformer", 1), " reaches each word in one step, near or far; ",
    link("how often each is right", 2), " shows it."],
  async open({ app, animation, isOpen }) {
    const [slow, quick] = await pairOf(app);
    const found = await Promise.all([slow, quick].filter(Boolean).map(strengthOf));
    const labels = wordsOf(found[0].passage.look);
    const figure = html("div", { class: "story-reach" });
    const said = html("p", { class: "story-caption", role: "status" });
    const element = html("div", { class: "story-stack" }, said, figure, keyOf(found));
    return {
      element,
      credit: found.map(({ passage }) => credit(passage.example.run)).join(" · "),
      show(step) {
        if (step === 2) return accuracy(found, { figure, said, isOpen, shown: () => app.state.story.step === 2 });
        const series = found.slice(0, step + 1);
        replace(figure);
        drawReach(figure, series.map(({ name, values }) => ({ name, values })), { labels, onHover: () => {}, room: REACH });
        fitted(figure.querySelector("svg"));
        replace(said, series.map(({ name, word, values }, i) => html("span", { class: `of-${i}` },
          `${name}, “${word}”: the farthest quarter counts ${power(10 ** fading(values))} of the strongest word. `)));
        const bars = [...figure.querySelectorAll("rect[data-position]")];
        animation.play(labels.length, 60, (frame) => bars.forEach((bar) => bar.classList.toggle("story-dim", Number(bar.getAttribute("data-position")) < labels.length - 1 - frame)));
      },
    };
  },
};

/** The recurrent network and the transformer whose sentences are the longest: there is something to forget.
 * @param {App} app @returns {Promise<[Teller, Teller|null]>} */
async function pairOf(app) {
  const lengths = async (/** @type {Teller[]} */ tellers) => {
    const measured = await Promise.all(tellers.map(async (teller) => {
      const examples = await examplesOf(teller).catch(() => []);
      return { teller, length: examples.reduce((sum, { source }) => sum + wordsIn(source.text).length, 0) / Math.max(1, examples.length) };
    }));
    return measured.sort((a, b) => b.length - a.length).filter(({ length }) => length > 0).map(({ teller }) => teller);
  };
  const [recurrent, transformers] = await Promise.all([lengths(translators(app, "lstm")), lengths(translators(app, "transformer"))]);
  if (recurrent.length === 0) throw new Missing("None of these runs is a recurrent network with sentences at hand.", COMMAND);
  return [recurrent[0], transformers[0] ?? null];
}

/** The strengths of all words for the first word of the output. @param {Teller} teller */
async function strengthOf(teller) {
  const examples = suited(await examplesOf(teller), { words: WORDS, with: /\bcats?\b/i });
  const passage = await firstAnswered(examples, passageOf);
  const { source: values } = await gradientsOf(passage, 0);
  return { passage, values, decades: decades(values), name: teller.run.name, word: plain(passage.look.target.positions[0].label ?? "") };
}

/** Which colour is which model. */
const keyOf = (found) => html("p", { class: "story-key" }, found.map(({ name }, i) =>
  html("span", {}, html("i", { style: { backgroundColor: category(i) } }), name)));

/** How often each model is right, by distance; counted while one looks. */
function accuracy(found, { figure, said, isOpen, shown }) {
  const series = found.map(({ name }) => ({ name, groups: [] }));
  const draw = () => {
    if (!isOpen() || !shown()) return;
    replace(figure);
    drawAccuracy(figure, series, "right", ACCURACY);
    const drawn = figure.querySelector("svg");
    if (drawn instanceof SVGSVGElement) fitted(drawn);
  };
  said.textContent = "The share of test sentences that come out right to the last word, by the words between subject and verb; bands are 95 % intervals.";
  draw();
  const counted = found.map(async ({ passage: { example: { run, task } } }, i) => {
    const about = { run: run.number, checkpoint: "best", task: task.number, split: "test" };
    try {
      await countAll(about, (groups) => { series[i].groups = groups; draw(); }, () => isOpen() && shown());
    } catch (error) {
      if (shown()) said.textContent = error.code === "not_recorded" ? "This recording holds no count of right answers." : error.message;
    }
  });
  // One model may be counted before another has begun.
  Promise.all(counted).then(() => {
    if (isOpen() && shown() && series.every(({ groups }) => groups.length === 0)) replace(figure, html("p", { class: "story-missing" },
      "The data of these runs does not say how far apart things stand. ", html("code", {}, COMMAND)));
  });
}
