// Where an experiment on layers does not apply, in one sentence: what the server would answer, without asking it.

/** @import { App } from "any2any/types" */

/** Why there is nothing to read or to patch layer by layer; null where there is. @param {App} app @param {string} what */
export function withoutLayers(app, what) {
  if (!app.task().target.tokens) return `This task writes frames, which have no probability: ${what} explains the choice of a token.`;
  if (app.currentRun().model.body === "lstm") return `This model is an LSTM, whose layers do not share a residual stream: ${what} is for transformers.`;
  return null;
}
