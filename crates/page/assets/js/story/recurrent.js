// Chapter 1: a recurrent network reads word by word; the state of its cells after each word.

import { svg } from "any2any/draw";
import { extent, matrix, row as rowAt, written } from "any2any/machine/activations";
import { Missing, credit, examplesOf, firstAnswered, partsOf, passageOf, suited, translators } from "any2any/story/examples";
import { WIDTH, arrow, column, drawing, reveal, sizeFor, text, word } from "any2any/story/drawing";
import { floats } from "any2any/api";

/** @import { Part } from "any2any/types" */

/** The number of words of the example. */
const WORDS = 8;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "recurrent",
  title: "Reading word by word",
  steps: 3,
  text: (link) => ["A recurrent network reads ", link("one word after the other", 0), ". Each word is mixed into a list of numbers, ",
    link("its state", 1), ", which is handed on to the next step. ", link("The last state", 2), " is what is left of the sentence."],
  async open({ app, animation }) {
    const passage = await recurrentPassage(app);
    const { example, look } = passage;
    const states = statesOf(passage.parts);
    const labels = look.source.positions.map(({ label }) => label ?? "");
    const { element, steps, last } = draw(labels, states);
    return {
      element,
      credit: credit(example.run),
      show(step) {
        element.classList.toggle("closing", step === 2);
        last.classList.toggle("story-dim", step !== 2);
        if (step === 0) animation.play(labels.length + 1, 700, (frame) => reveal(steps, frame));
        else reveal(steps, labels.length);
      },
    };
  },
};

/** A sentence that a recurrent network has translated, with its activations. @param {import("any2any/types").App} app */
export async function recurrentPassage(app) {
  const tellers = translators(app, "lstm");
  if (tellers.length === 0) {
    throw new Missing("None of these runs is a recurrent network that reads text.", "any2any train configs/quickstart-lstm.yaml");
  }
  const examples = suited(await examplesOf(tellers[0]), { words: WORDS });
  return firstAnswered(examples, async (example) => {
    const passage = await passageOf(example);
    return { ...passage, parts: await partsOf(passage) };
  });
}

/** The states of the encoder's first layer of cells, read forwards, a row a position. @param {Part[]} parts */
export function statesOf(parts) {
  const cells = parts.find(({ kind, stack, id }) => kind === "cells" && stack === "encoder" && !id.includes("backward"));
  return matrix(floats(cells.values.find(({ name }) => name === "hidden").data));
}

/** @param {string[]} labels @param {{ values: Float32Array, rows: number, columns: number }} states */
function draw(labels, states) {
  const across = (WIDTH - 60) / labels.length;
  const x = (i) => 30 + (i + 0.5) * across;
  const size = sizeFor(labels, across);
  const most = extent(states.values);
  const steps = labels.map((label, i) => svg("g", { class: "story-step", "data-position": i },
    word(x(i), 730, label, { width: across, size }),
    arrow([x(i), 700], [x(i), 630]),
    svg("rect", { class: "story-cell", x: x(i) - Math.min(34, across * 0.3), y: 560, width: Math.min(68, across * 0.6), height: 62, rx: 10 }),
    i > 0 ? arrow([x(i - 1) + Math.min(34, across * 0.3), 591], [x(i) - Math.min(34, across * 0.3) - 2, 591], "state") : null,
    arrow([x(i), 556], [x(i), 486]),
    column(rowAt(states, i), { x: x(i) - Math.min(22, across * 0.22), y: 80, w: Math.min(44, across * 0.44), h: 400, most })));
  const end = labels.length - 1;
  const few = Array.from(rowAt(states, end).slice(0, 4), (value) => written(value)).join(", ");
  const last = svg("g", {},
    svg("rect", { class: "story-frame", x: x(end) - Math.min(22, across * 0.22) - 8, y: 72, width: Math.min(44, across * 0.44) + 16, height: 416, rx: 8 }),
    text(WIDTH - 30, 40, `${states.columns} numbers: ${few}, …`, { size: 28, anchor: "end", class: "strong" }));
  const element = drawing(`The state of the network after each of ${labels.length} words`,
    text(30, 40, "state after each word", { anchor: "start", class: "soft" }), steps, last);
  return { element, steps, last };
}
