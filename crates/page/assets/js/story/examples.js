// Examples of the chapters: which run tells a chapter, on which sample, and the model's answers about it. The questions
// are those of the panels, word for word, so that an exported page holds their answers.

import { LIKELIEST, api, canonical } from "any2any/api";
import { learnSpelling, withTokenTexts } from "any2any/token";

/** @import { App, Input, Look, Run, Task, View, Vocabulary } from "any2any/types" */

/**
 * @typedef {{ run: Run, task: Task }} Teller     a run's task that tells a chapter
 * @typedef {Teller & { input: Input|null, source: View|null, reference: View|null }} Example
 * @typedef {{ example: Example, tokens: number[], text: string, vocabulary: Vocabulary, look: Look }} Passage
 *   an example with the likeliest output: its tokens without the end, and the look at them and the end
 */

/** The number of samples that a chapter chooses its example from. */
const SAMPLES = 24;

/** Error of a chapter that the runs at hand cannot fill: says what is missing, and the command that makes it. */
export class Missing extends Error {
  /** @param {string} message one sentence @param {string} command */
  constructor(message, command) {
    super(message);
    this.command = command;
  }
}

const known = new Map();

/** An answer that is asked for once; a failure is forgotten. @template T @param {string} path @param {object} question
 * @param {() => Promise<T>} ask @returns {Promise<T>} */
function once(path, question, ask) {
  const key = `${path} ${canonical(question)}`;
  if (!known.has(key)) known.set(key, ask().catch((error) => { known.delete(key); throw error; }));
  return known.get(key);
}

// ---- runs ----

/** Tasks from text to text by models of one body, the page's own run first.
 * @param {App} app @param {"transformer"|"lstm"} body @returns {Teller[]} */
export const translators = (app, body) => tellers(app).filter(({ run, task }) => run.model.body === body
  && task.source?.kind === "text" && task.source.tokens && task.target.kind === "text" && task.target.tokens && !task.per_position);

/** Language models. @param {App} app */
export const languageModels = (app) => tellers(app).filter(({ task }) => !task.source && task.target.kind === "text" && task.target.tokens);

/** All tasks of all runs, those of the page's own run first. @param {App} app @returns {Teller[]} */
export function tellers(app) {
  const own = ({ number }) => (number === app.state.run ? 0 : 1);
  return [...app.state.runs].sort((a, b) => own(a) - own(b))
    .flatMap((run) => (run.model?.tasks ?? []).map((task) => ({ run, task })));
}

/** "translation-lstm, 97,000 parameters": the model that is seen. @param {Run} run */
export const credit = ({ name, model }) => `${name}, ${model.parameters.toLocaleString("en")} parameters`;

// ---- samples ----

/** Samples of a task, as examples. @param {Teller} teller @returns {Promise<Example[]>} */
export async function examplesOf({ run, task }) {
  if (!task.source) return [{ run, task, input: null, source: null, reference: null }];
  const split = ["test", "validation"].find((name) => task.splits.includes(name)) ?? task.splits[0];
  if (!split) {
    throw new Missing(`The data of ${run.name} is not at hand, so there is no sentence to show.`, `any2any explore ${run.folder} --data-root FOLDER`);
  }
  const question = { run: run.number, task: task.number, split, from: 0, count: SAMPLES };
  const { samples } = await once("samples", question, () => api.samples(question));
  return samples.map(({ number, source, target }) => ({ run, task, input: { sample: { split, number } }, source, reference: target }));
}

/** The words of a text. @param {string} text */
export const wordsIn = (text) => text.trim().split(/\s+/).filter(Boolean);

/** How many words more or less a sentence with the wanted word is worth. */
const WORTH = 12;

/** Examples in the order in which they suit a chapter: nearest to a number of words, those with a word before others.
 * @param {Example[]} examples @param {{ words: number, with?: RegExp }} wanted */
export function suited(examples, { words, with: word }) {
  const cost = ({ source }) => Math.abs(wordsIn(source?.text ?? "").length - words) + (word && !word.test(source?.text ?? "") ? WORTH : 0);
  return [...examples].sort((a, b) => cost(a) - cost(b));
}

/** The first of `candidates` about which `work` gets its answers: an exported page has recorded few of them.
 * @template C, T @param {C[]} candidates @param {(candidate: C) => Promise<T>} work @returns {Promise<T>} */
export async function firstAnswered(candidates, work) {
  let last = null;
  for (const candidate of candidates) {
    try {
      return await work(candidate);
    } catch (error) {
      if (error.code !== "not_recorded") throw error;
      last = error;
    }
  }
  throw last ?? new Missing("There is no sample to show.", "any2any explore RUN --data-root FOLDER");
}

// ---- answers ----

/** The fields of every question about an example. @param {Example} example */
export const about = ({ run, task, input }) => ({
  run: run.number, task: task.number, checkpoint: "best", ...(task.source ? { source: input, window: 0 } : {}),
});

/** The likeliest output, with the look at it. @param {Example} example @returns {Promise<Passage>} */
export async function passageOf(example) {
  const vocabulary = await vocabularyOf(example);
  const best = await outputOf(example);
  const tokens = [...best.tokens, vocabulary.end];
  const look = await once("look", about(example), () => api.look({ ...about(example), tokens }));
  return { example, tokens: best.tokens, text: best.view.text ?? "", vocabulary, look: withTokenTexts(look) };
}

/** The vocabulary of a task. @param {Teller} teller @returns {Promise<Vocabulary>} */
export async function vocabularyOf({ run, task }) {
  const question = { run: run.number, task: task.number };
  const vocabulary = await once("vocabulary", question, () => api.vocabulary(question));
  learnSpelling(vocabulary.tokens);
  return vocabulary;
}

/** The likeliest output of a task that writes tokens. @param {Example} example @returns {Promise<import("any2any/types").Output>} */
export async function outputOf(example) {
  const question = { ...about(example), decoding: LIKELIEST };
  return (await once("translate", question, () => api.translate(question))).outputs[0][0];
}

/** The output of any task as a view: what is written, or the frames of one pass. @param {Example} example */
export async function viewOf(example) {
  if (example.task.target.tokens) return (await outputOf(example)).view;
  return (await once("look", about(example), () => api.look(about(example)))).target.view;
}

/** The parts of the machine while it writes a passage. @param {Passage} passage */
export async function partsOf({ example, tokens, vocabulary }) {
  const question = { ...about(example), tokens: [...tokens, vocabulary.end] };
  return (await once("machine", about(example), () => api.machine(question))).parts;
}

/** How strongly each position of the source counts for an output position: lengths of gradients. @param {Passage} passage */
export async function gradientsOf({ example, tokens, vocabulary }, position) {
  const question = { ...about(example), position, method: "gradient_norm" };
  return once("attribution", question, () => api.attribution({ ...question, tokens: [...tokens, vocabulary.end] }));
}
