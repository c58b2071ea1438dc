// Requests for a comparison of two models, or of one at two checkpoints or inputs.

import { LIKELIEST, api, canonical } from "any2any/api";

/** @import { App } from "any2any/types" */

/** Asks both models. The second looks at the same tokens if it has the same vocabulary, so that every number has its
 * counterpart; else at its own output. Masked positions, ablated heads and edited attention are left out: they belong to What if.
 * @returns {Promise<{ one: object, other: object, own: { text: string, log_probability: number }[], second: object,
 *   alike: boolean }>} two looks, what each writes by itself, and whether they have the same vocabulary
 * @param {App} app */
export async function ask(app, second, signal) {
  const { look, tokens, vocabulary } = app.state;
  const bodies = [app.request(), bodyOf(app, second)];
  const whole = Object.keys(app.alteration()).length === 0;
  if (!app.task().target.tokens) {
    const one = whole ? look : await api.look(bodies[0], signal);
    return { one, other: await api.look(bodies[1], signal), own: [], second, alike: false };
  }
  const own = await Promise.all(bodies.map((body) => writtenBy(body, signal)));
  const theirs = second.task.target.tokens ? await vocabularyOf(second) : null;
  const alike = theirs !== null && canonical(theirs.tokens) === canonical(vocabulary?.tokens ?? null);
  const [one, other] = await Promise.all([
    whole ? look : api.look({ ...bodies[0], tokens }, signal),
    api.look(theirs ? { ...bodies[1], tokens: alike ? tokens : own[1].tokens } : bodies[1], signal),
  ]);
  return { one, other, own, second, alike };
}

/** @param {App} app */
function bodyOf(app, { run, checkpoint, task, input }) {
  const window = canonical(input) === canonical(app.state.input) ? app.state.window : 0;
  return { run: run.number, checkpoint, task: task.number, ...(task.source ? { source: input, window } : {}) };
}

/** The likeliest tokens, one after the other. */
async function writtenBy(body, signal) {
  const answer = await api.translate({ ...body, decoding: LIKELIEST }, signal);
  const { view, labels, tokens, log_probability } = answer.outputs[0][0];
  return { text: view.text ?? labels.join(" "), tokens, log_probability };
}

const vocabularies = new Map();

function vocabularyOf({ run, task }) {
  const key = `${run.number} ${task.number}`;
  if (!vocabularies.has(key)) vocabularies.set(key, api.vocabulary({ run: run.number, task: task.number }));
  return vocabularies.get(key);
}
