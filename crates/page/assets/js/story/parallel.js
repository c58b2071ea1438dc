// Chapter 7: all words at once. The same sentences with the same translations through a recurrent network and through a
// transformer, as in a step of training: all words are given, and each gets its probability. The page times it.

import { api, offline } from "any2any/api";
import { category, svg } from "any2any/draw";
import { minus } from "any2any/numbers";
import { Missing, credit, examplesOf, translators, wordsIn } from "any2any/story/examples";
import { HEIGHT, WIDTH, arrow, drawing, reveal, sizeFor, text, word } from "any2any/story/drawing";

/** @import { Example, Teller } from "any2any/story/examples" */

/** Lengths that are timed, in words. */
const LENGTHS = [8, 32, 64, 128, 256];
/** Passes of which the quickest counts, since others are at work on the machine too. */
const TIMES = 5;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "parallel",
  title: "All words at once",
  steps: 3,
  text: (link) => ["A recurrent network must wait for ", link("the word before", 0), "; a transformer takes ", link("all words in one step", 1),
    ". A processor that does much at once is done sooner with the second, and training is that: ", link("this machine, timed", 2), "."],
  async open({ app, animation, isOpen }) {
    const compared = [translators(app, "lstm")[0], translators(app, "transformer")[0]];
    if (compared.some((each) => !each)) {
      throw new Missing("To compare, these runs would need a recurrent network and a transformer that translate text.",
        "any2any explore runs/quickstart runs/quickstart-lstm");
    }
    const examples = await examplesOf(compared[0]);
    const words = wordsIn(examples[0].source.text).slice(0, 9);
    const scene = draw(words, compared[1].run.model.encoder_layers);
    const chart = svg("g", { class: "story-timing" });
    const element = drawing("A recurrent network reads in as many steps as there are words, a transformer in one", scene.steps, scene.titles, chart);
    const shown = () => isOpen() && app.state.story.step === 2;
    return {
      element,
      credit: compared.map(({ run }) => credit(run)).join(" · "),
      show(step) {
        for (const each of [...scene.steps, ...scene.titles]) each.classList.toggle("story-gone", step === 2);
        chart.classList.toggle("story-gone", step !== 2);
        if (step === 2) return time(chart, compared, examples, shown);
        reveal(scene.chain, step === 0 ? 0 : words.length);
        reveal(scene.whole, 0);
        if (step === 0) animation.play(words.length + 1, 420, (frame) => reveal(scene.chain, frame));
        else animation.play(2, 420, (frame) => reveal(scene.whole, frame * words.length));
      },
    };
  },
};

function draw(words, layers) {
  const across = (WIDTH - 40) / words.length;
  const x = (i) => 20 + (i + 0.5) * across;
  const size = sizeFor(words, across);
  const box = (i, y) => svg("rect", { class: "story-cell", x: x(i) - 32, y, width: 64, height: 56, rx: 10 });
  const chain = words.map((label, i) => svg("g", { class: "story-step" },
    word(x(i), 320, label, { width: across, size }), arrow([x(i), 294], [x(i), 222]), box(i, 160),
    i > 0 ? arrow([x(i - 1) + 32, 188], [x(i) - 34, 188], "state") : null));
  const whole = words.map((label, i) => svg("g", { class: "story-step" },
    words.map((_, j) => svg("line", { class: "story-thread", x1: x(i), y1: 700, x2: x(j), y2: 628 })),
    word(x(i), 730, label, { width: across, size }), box(i, 570)));
  const titles = [
    text(20, 110, `recurrent: ${words.length} steps, one after the other`, { anchor: "start", class: "strong", size: 30 }),
    text(20, 520, `transformer: one step for all words in each of ${layers} ${layers === 1 ? "layer" : "layers"}`, { anchor: "start", class: "strong", size: 30 })];
  return { chain, whole, steps: [...chain, ...whole], titles };
}

/** Times both, from short to long. @param {SVGGElement} place @param {Teller[]} compared @param {Example[]} examples @param {() => boolean} shown */
async function time(place, compared, examples, shown) {
  const series = compared.map(({ run }) => ({ name: run.name, points: /** @type {{ words: number, milliseconds: number }[]} */ ([]) }));
  plot(place, series, "");
  for (const words of LENGTHS) {
    for (const [i, teller] of compared.entries()) {
      if (!shown()) return;
      try {
        series[i].points.push({ words, milliseconds: await quickest(teller, examples, words) });
      } catch (error) {
        return plot(place, series, error.message);
      }
      if (shown()) plot(place, series, offline ? `The quickest of ${TIMES} passes over the source and its translation, when this page was recorded.` : "");
    }
  }
}

/** The first words of all sentences in a row, again and again. @param {string[]} texts @param {number} words */
const textOf = (texts, words) => {
  const all = texts.flatMap(wordsIn);
  return Array.from({ length: words }, (_, i) => all[i % all.length]).join(" ");
};

/** Milliseconds of the quickest of several passes over so many words and as many of their translation.
 * @param {Teller} teller @param {Example[]} examples @param {number} words */
async function quickest({ run, task }, examples, words) {
  const text = (/** @type {"source"|"reference"} */ side) => ({ text: textOf(examples.map((each) => each[side].text), words) });
  const body = { run: run.number, task: task.number, checkpoint: "best", source: text("source"), target: text("reference") };
  let least = Infinity;
  for (let i = 0; i < TIMES; i += 1) {
    const began = performance.now();
    const { milliseconds } = await api.score(body);
    // A recording was timed when it was made.
    least = Math.min(least, milliseconds ?? performance.now() - began);
  }
  return least;
}

/** @param {{ name: string, points: { words: number, milliseconds: number }[] }[]} series */
function plot(place, series, remark) {
  const all = series.flatMap(({ points }) => points);
  const [left, top, width, height] = [140, 70, WIDTH - 200, 470];
  const most = Math.max(1, ...all.map(({ milliseconds }) => milliseconds));
  const long = Math.max(LENGTHS[0], ...all.map(({ words }) => words));
  const x = (words) => left + (words / long) * width;
  const y = (milliseconds) => top + (1 - milliseconds / most) * height;
  place.replaceChildren(
    ...[0, 0.5, 1].flatMap((share) => [
      svg("line", { class: "story-grid", x1: left, x2: left + width, y1: y(share * most), y2: y(share * most) }),
      text(left - 12, y(share * most) + 9, (share * most).toFixed(1), { anchor: "end", class: "soft" })]),
    text(left, 36, "milliseconds", { anchor: "start", class: "soft" }),
    ...[...new Set(all.map(({ words }) => words))].filter((words) => words >= long / 9).map((words) => text(x(words), top + height + 40, String(words), { class: "soft" })),
    text(left + width, top + height + 78, "words", { anchor: "end", class: "soft" }),
    ...series.flatMap(({ name, points }, i) => [
      svg("polyline", { class: "story-line", points: points.map((each) => `${x(each.words)},${y(each.milliseconds)}`).join(" "), stroke: category(i) }),
      ...points.map((each) => svg("circle", { cx: x(each.words), cy: y(each.milliseconds), r: 8, fill: category(i), "data-series": i, "data-words": each.words, "data-milliseconds": each.milliseconds })),
      svg("circle", { cx: left, cy: HEIGHT - 124 + 44 * i, r: 10, fill: category(i) }),
      text(left + 22, HEIGHT - 115 + 44 * i, points.length > 0 ? `${name}: ${minus(points.at(-1).milliseconds.toFixed(1))} ms for ${points.at(-1).words} words` : name, { anchor: "start", class: "strong" })]),
    text(left, HEIGHT - 24, remark || `The quickest of ${TIMES} passes over the source and its translation, with the way there and back.`, { anchor: "start", class: "soft", size: 24 }));
}
