// The same few samples of the validation split as the model wrote them, evaluation after evaluation.

import { api } from "any2any/api";
import { html, replace } from "any2any/draw";
import { thumbnail } from "any2any/media/thumbnail";
import { byTask } from "any2any/training/curves";

/** Evaluations that are listed of each sample: the first ones, and those at equal distances up to the last. */
const MOST = 8;

/** Fills `root` with the samples of one run. */
export function showSamples(root, { number, log }) {
  const tasks = [...byTask(log.samples)];
  root.hidden = tasks.length === 0;
  replace(root, html("h3", {}, "Samples as they improve"),
    html("p", { class: "note" }, "What search wrote for a few sentences that the model is not trained on, after each evaluation. Words that are in the reference are set off."),
    tasks.map(([task, lines]) => html("div", { class: "stack" },
      tasks.length > 1 ? html("h4", {}, task) : null,
      lines.at(-1).samples.map((sample) => sampleOf(sample, lines, number)))));
}

function sampleOf({ number, source, reference }, lines, run) {
  const written = lines.map(({ step, samples }) => ({ step, output: samples.find((each) => each.number === number)?.output }))
    .filter(({ output }) => output !== undefined);
  return html("article", { class: "improving" },
    html("div", { class: "improving-pair" },
      html("span", { class: "source-text" }, pictured(source, { run, number })), html("span", { class: "reference" }, reference)),
    html("ol", {}, spread(written).map(({ step, output }) => html("li", {},
      html("span", { class: "number soft" }, step.toLocaleString("en")), html("span", {}, marked(output, reference))))));
}

/** A value that is no text is described in brackets; its picture is fetched. */
function pictured(text, { run, number }) {
  if (!text.startsWith("[")) return text;
  const place = html("span", {}, text);
  api.samples({ run, task: 0, split: "validation", from: number, count: 1 })
    .then(({ samples: [sample] }) => { if (sample?.source) replace(place, thumbnail(sample.source)); })
    .catch(() => {});                                             // the description stays
  return place;
}

/** The output with the words set off that the reference has too, each as often as it has them. */
function marked(output, reference) {
  const left = new Map();
  for (const word of reference.split(" ")) left.set(word, (left.get(word) ?? 0) + 1);
  return output.split(" ").map((word, i) => {
    const right = (left.get(word) ?? 0) > 0;
    if (right) left.set(word, left.get(word) - 1);
    return [i > 0 ? " " : "", right ? html("mark", {}, word) : word];
  });
}

/** What changed, and no more of it than can be read. */
function spread(written) {
  const changed = written.filter(({ output }, i) => i === 0 || i === written.length - 1 || output !== written[i - 1].output);
  if (changed.length <= MOST) return changed;
  return Array.from({ length: MOST }, (_, i) => changed[Math.round((i * (changed.length - 1)) / (MOST - 1))]);
}
