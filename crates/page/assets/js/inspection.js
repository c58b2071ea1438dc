// Synchronisation of `state.look` with input, tokens and model: after each change, a new look is requested.
//
// A decoder is causal: its states of the first tokens do not change when more follow. So a look at some tokens contains
// the look at any beginning of them, and stepping back and forth needs no request.

import { api, floats, canonical } from "any2any/api";
import { withTokenTexts } from "any2any/token";

/** @import { App, Look } from "any2any/types" */

const CAUSES = ["run", "checkpoint", "task", "input", "window", "tokens", "masked", "ablated", "edited"];

/** The last answer: { question, tokens, look }. */
let longest = null;

/** Asks for a look at what is not in the state yet, so that both can be set at once. @param {object} body the fields of the
 * request but for the tokens @param {number[]|null} tokens   null for frames @param {AbortSignal} [signal] @returns {Promise<Look>} */
export async function lookAhead(body, tokens, signal) {
  const look = withTokenTexts(await api.look(tokens ? { ...body, tokens } : body, signal));
  // A recorded answer is a look at the whole output.
  longest = { question: canonical(body), tokens: tokens ? look.target.positions.map(({ token }) => token) : [], look };
  return beginning(look, tokens?.length ?? 0);
}

/** @param {App} app */
export function keepInspected(app) {
  let request = null;
  let planned = false;

  function plan() {
    if (planned) return;
    planned = true;                                               // several changes at once are one question
    queueMicrotask(() => { planned = false; look(); });
  }
  app.on("change", (keys) => { if (CAUSES.some((key) => keys.has(key))) plan(); });
  // Only the vocabulary says how its tokens are spelled.
  app.on("change", (keys) => {
    if (!keys.has("vocabulary") || !app.state.look) return;
    if (longest) longest.look = withTokenTexts(longest.look);
    app.set({ look: withTokenTexts(app.state.look) });
  });
  plan();

  async function look() {
    request?.abort();
    request = null;
    if (!app.ready()) return app.set({ look: null, busy: false });
    const { tokens } = app.state;
    const body = app.request(app.alteration());
    const question = canonical(body);
    if (longest?.question === question && startsWith(longest.tokens, tokens)) {
      return app.set({ look: beginning(longest.look, tokens.length), busy: false });
    }
    await ask(question, body, tokens);
  }

  async function ask(question, body, tokens) {
    const written = app.task().target.tokens;
    const mine = (request = new AbortController());
    app.set({ busy: true });
    try {
      const answer = await lookAhead(body, written ? tokens : null, mine.signal);
      if (mine !== request) return;                               // the latest question wins
      app.set({ look: answer, busy: false, error: null });
    } catch (error) {
      if (mine !== request || error.name === "AbortError") return;
      const unheard = error.code === "not_recorded" && longest?.question === question;
      app.set({ busy: false, error, ...(unheard ? { tokens: longest.tokens } : {}) });
    }
  }
}

/** The look at the first `count` tokens, sliced from a look at more. @param {Look} look */
export function beginning(look, count) {
  if (look.logits === null || look.target.positions.length <= count) return look;
  return {
    ...look,
    target: { ...look.target, view: null, positions: look.target.positions.slice(0, count) },
    attention: look.attention.map((entry) => ({ ...entry, weights: firstRows(entry, count + 1) })),
    logits: cut(look.logits, [count + 1, look.logits.shape[1]]),
  };
}

function firstRows({ stack, kind, weights }, count) {
  if (stack === "encoder") return weights;
  const [heads, , keys] = weights.shape;
  return cut(weights, [heads, count, kind === "self" ? count : keys]);
}

/** The leading corner of an array of two or three dimensions. */
function cut(packed, shape) {
  const { shape: full, values } = floats(packed);
  const [blocks, rows, columns] = [1, ...shape].slice(-3);
  const [, fullRows, fullColumns] = [1, ...full].slice(-3);
  const result = new Float32Array(blocks * rows * columns);
  for (let block = 0; block < blocks; block += 1) {
    for (let row = 0; row < rows; row += 1) {
      const from = (block * fullRows + row) * fullColumns;
      result.set(values.subarray(from, from + columns), (block * rows + row) * columns);
    }
  }
  return { shape, values: result };
}

const startsWith = (tokens, first) => first.length <= tokens.length && first.every((token, i) => token === tokens[i]);
