// Chapter 4: attention, worked out with the numbers of one head: q · k, softmax, and the sum of values.

import { svg } from "any2any/draw";
import { floats } from "any2any/api";
import { percent } from "any2any/numbers";
import { attend } from "any2any/machine/attention";
import { extent, matrix, row as rowAt, written } from "any2any/machine/activations";
import { Missing, credit, examplesOf, firstAnswered, partsOf, passageOf, suited, translators } from "any2any/story/examples";
import { WIDTH, column, drawing, reveal, row, sizeFor, text, word } from "any2any/story/drawing";

/** @import { App } from "any2any/types" */

const WORDS = 7;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "attention",
  title: "Every word looks at all words",
  steps: 4,
  text: (link) => ["Attention needs no chain: each word sends out ", link("a query q", 0), ", which is multiplied with ", link("the key k of every word", 1),
    ". ", link("Softmax", 2), " makes of the products weights that add up to 100 %, and by these weights ", link("the values are added up", 3), "."],
  async open({ app, animation }) {
    const passage = await attentivePassage(app);
    const head = tellingHead(passage.parts, passage.labels);
    const found = attend(head, { at: head.at, causal: false });
    const drawn = draw(passage.labels, head, found);
    return {
      element: drawn.element,
      credit: `${credit(passage.example.run)} · encoder, layer ${head.layer + 1}, head ${head.number + 1}`,
      show(step) {
        drawn.rows.forEach((cells, i) => reveal(cells, i <= step ? Infinity : 0));
        const now = drawn.rows[step];
        animation.play(now.length + 1, step === 0 ? 300 : 420, (frame) => reveal(now, frame));
      },
    };
  },
};

/** A sentence that a transformer has translated, with its activations. @param {App} app */
export async function attentivePassage(app, words = WORDS) {
  const tellers = translators(app, "transformer");
  if (tellers.length === 0) {
    throw new Missing("None of these runs is a transformer that translates text.", "any2any train configs/quickstart.yaml");
  }
  const examples = suited(await examplesOf(tellers[0]), { words });
  return firstAnswered(examples, async (example) => {
    const passage = await passageOf(example);
    return { ...passage, parts: await partsOf(passage), labels: passage.look.source.positions.map(({ label }) => label ?? "") };
  });
}

/** The head and the word that look most at another word: where there is something to see.
 * @param {import("any2any/types").Part[]} parts @param {string[]} labels */
function tellingHead(parts, labels) {
  let best = { share: -1, part: null, number: 0, at: 0 };
  const isWord = (i) => [...labels[i].replace(/^·/, "")].length > 2;
  for (const part of parts.filter(({ kind, stack }) => kind === "attention" && stack === "encoder")) {
    const weights = part.values.find(({ name }) => name === "weights").data;
    for (let number = 0; number < weights.shape[0]; number += 1) {
      const one = matrix(floats(weights), number);
      for (let at = 0; at < one.rows; at += 1) {
        rowAt(one, at).forEach((share, j) => {
          if (j !== at && isWord(at) && isWord(j) && share < 0.9 && share > best.share) best = { share, part, number, at };
        });
      }
    }
  }
  const of = (name) => matrix(floats(best.part.values.find((each) => each.name === name).data), best.number);
  return { query: of("query"), key: of("key"), value: of("value"), weights: of("weights"), number: best.number, layer: best.part.layer, at: best.at };
}

function draw(labels, { query, key, value, weights, at }, found) {
  const left = 190;
  const across = (WIDTH - left - 10) / labels.length;
  const x = (j) => left + (j + 0.5) * across;
  const size = sizeFor(labels, across, 30);
  const number = Math.min(28, across * 0.27);
  const each = (make) => labels.map((_, j) => make(j, x(j)));
  const wide = Math.min(92, across * 0.76);
  const most = { key: extent(key.values), value: extent(value.values) };
  const high = Math.max(...found.weights);
  const q = svg("g", {},
    text(left - 30, 40, `query of “${labels[at]}”`, { anchor: "start", class: "strong target" }),
    row(found.q, { x: left + 330, y: 12, w: 460, h: 36, most: extent(query.values) }));
  const keys = each((j, middle) => svg("g", {},
    column(rowAt(key, j), { x: middle - wide / 4, y: 152, w: wide / 2, h: 120, most: most.key }),
    text(middle, 320, written(found.dots[j]), { size: number }),
    text(middle, 372, written(found.scores[j]), { size: number, class: "soft" })));
  const shares = each((j, middle) => svg("g", { "data-weight": found.weights[j], "data-key": j },
    svg("rect", { class: "story-bar", x: middle - wide / 4, y: 520 - (96 * found.weights[j]) / high, width: wide / 2, height: Math.max(1, (96 * found.weights[j]) / high) }),
    text(middle, 552, percent(found.weights[j]), { size: number, class: "strong" })));
  const values = each((j, middle) => column(rowAt(value, j).map((one) => (one * found.weights[j]) / high),
    { x: middle - wide / 4, y: 580, w: wide / 2, h: 120, most: most.value }));
  const sum = svg("g", {},
    text(left - 30, 765, "their sum", { anchor: "start", class: "strong target" }),
    row(found.mixed, { x: left + 330, y: 736, w: 460, h: 36 }));
  const words = each((j, middle) => word(middle, 105, labels[j], { width: across, size, side: j === at ? "target" : "source" }));
  const titles = { key: [[218, "keys k"], [320, "q · k"], [372, `÷ √${query.columns}`]], share: [[500, "softmax"]], value: [[645, "values × weight"]] };
  const side = (list) => list.map(([y, words_]) => text(10, y, words_, { anchor: "start", class: "soft", size: 24 }));
  const away = Math.max(...found.weights.map((weight, j) => Math.abs(weight - rowAt(weights, at)[j])));
  const rows = [[q], [svg("g", {}, side(titles.key)), ...keys], [svg("g", {}, side(titles.share)), ...shares], [svg("g", {}, side(titles.value)), ...values, sum]];
  const element = drawing(`How much “${labels[at]}” takes from each word`, words, rows);
  element.dataset.away = String(away);
  return { element, rows };
}
