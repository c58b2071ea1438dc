// A few samples of the validation split with the model's outputs, evaluation after evaluation.

import { api } from "any2any/api";
import { html, replace } from "any2any/draw";
import { thumbnail } from "any2any/media/thumbnail";
import { byTask } from "any2any/training/curves";

/** The most evaluations listed of each sample: the first ones, and those at equal distances up to the last. */
const MOST = 8;

/** Fills `root` with the samples of one run, whose `tasks` are known as soon as it has a checkpoint. */
export function showSamples(root, { number, log, tasks }) {
  const written = [...byTask(log.samples)];
  root.hidden = written.length === 0;
  replace(root, html("h3", {}, "Samples as they improve"),
    html("p", { class: "note" }, "What search wrote for a few samples that the model is not trained on, after each evaluation. Words that are in the reference are set off."),
    written.map(([name, lines]) => {
      const task = tasks?.find((each) => each.name === name);
      return html("div", { class: "stack" },
        written.length > 1 ? html("h4", {}, name) : null,
        lines.at(-1).samples.map((sample) => sampleOf(sample, lines, { run: number, task })));
    }));
}

function sampleOf({ number, source, reference }, lines, { run, task }) {
  const written = lines.map(({ step, samples }) => ({ step, ...samples.find((each) => each.number === number) }))
    .filter(({ output }) => output !== undefined);
  const shown = spread(written);
  /** One side of the sample: drawn unless it is a text, with its description in its place until it arrives. */
  const side = (kind, description, step, pick) => (task && kind && kind !== "text"
    ? drawn(description, { run, task: task.number, step, number }, pick) : description);
  const last = written.at(-1).step;
  return html("article", { class: "improving" },
    html("div", { class: "improving-pair" },
      html("span", { class: "source-text" }, side(task?.source?.kind, source, last, (values) => values.source)),
      html("span", { class: "reference" }, side(task?.target.kind, reference, last, (values) => values.reference))),
    html("ol", { class: shown.some(({ file }) => file) ? "drawn" : null }, shown.map(({ step, output, file }) => html("li", {},
      html("span", { class: "number soft" }, step.toLocaleString("en")),
      html("span", { class: "output" }, file ? side(task?.target.kind, output, step, (values) => values.output) : marked(output, reference))))));
}

/** Cache of drawn values: the panel is filled anew with every line of the log. */
const kept = new Map();

function drawn(description, question, pick) {
  const key = JSON.stringify(question);
  const place = html("span", {}, description);
  if (!kept.has(key)) kept.set(key, api.written(question));
  kept.get(key).then((values) => { if (pick(values)) replace(place, thumbnail(pick(values))); })
    .catch(() => kept.delete(key));                               // the description stays, and it is tried again
  return place;
}

/** The output with those words marked that the reference has too, each as often as it has them. */
function marked(output, reference) {
  const left = new Map();
  for (const word of reference.split(" ")) left.set(word, (left.get(word) ?? 0) + 1);
  return output.split(" ").map((word, i) => {
    const right = (left.get(word) ?? 0) > 0;
    if (right) left.set(word, left.get(word) - 1);
    return [i > 0 ? " " : "", right ? html("mark", {}, word) : word];
  });
}

/** The outputs that changed, as far as their texts tell, and no more of them than can be seen at once. */
function spread(written) {
  const changed = written.filter(({ output, file }, i) => file || i === 0 || i === written.length - 1 || output !== written[i - 1].output);
  if (changed.length <= MOST) return changed;
  return Array.from({ length: MOST }, (_, i) => changed[Math.round((i * (changed.length - 1)) / (MOST - 1))]);
}
