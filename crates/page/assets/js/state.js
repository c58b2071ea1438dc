// The state of the page: one plain object, changed only through `set`, so that all panels are notified.
//
// Panels read `state.x`, call `set({ x: ... })` and draw again when `on("change", keys => ...)` names something that
// they show. `keys` is a Set of the names that changed.

/**
 * @typedef {{ stack: "encoder"|"decoder", kind: "self"|"cross", layer: number, head: number|"mean" }} Head
 * @typedef {{ side: "source"|"target", position: number }} Place
 *
 * @typedef {object} State
 * @property {import("any2any/types").Run[]} runs            what GET /api/runs answered
 * @property {number} run               number of the run that is shown
 * @property {string} checkpoint        its checkpoint: "best", "last" or a name such as "step-600"
 * @property {number} task              number of the task within the run
 * @property {import("any2any/types").Input|null} input        the value to translate, see Input; null: none yet, or a task without a source
 * @property {number} window            number of the window of a long input that the model reads
 * @property {number[]} tokens          what has been written so far, without the token that begins
 * @property {number|null} chosen       the output position that panels explain; null: the newest
 * @property {import("any2any/types").Look|null} look         the model's last look at input and tokens
 * @property {import("any2any/types").Output|null} newest      the output of what is being typed, drawn or spoken, before the look at it
 * @property {import("any2any/types").Vocabulary|null} vocabulary   the target's; null for frames
 * @property {Head|null} head           the attention that the translation and most panels show; null: none chosen yet
 * @property {Place|null} hover         what the pointer is on
 * @property {number[]} masked          source positions that the model may not see
 * @property {Head[]} ablated           heads that are switched off
 * @property {import("any2any/types").AttentionEdit[]} edited   attention weights that are set by hand
 * @property {number[]} overlay         heads of the shown layer that are drawn together, each in its colour; none: the shown head alone
 * @property {number} temperature       of the next-token distribution
 * @property {number} top_k             0: all
 * @property {number} top_p             1: all
 * @property {"best"|"sample"} choice   how a step takes the next token
 * @property {number} seed              of the sampled choice
 * @property {string} panel             id of the panel that is open
 * @property {string} research          id of the section of Research that is open
 * @property {{ chapter: number, step: number }} story   where the Story tab stands
 * @property {"auto"|"light"|"dark"} theme
 * @property {{ run: number, checkpoint: string, input: import("any2any/types").Input|null }|null} second   what is compared with
 * @property {boolean} playing          whether the page steps by itself
 * @property {boolean} busy             whether an answer is awaited
 * @property {(Error & { code?: string, help?: string })|null} error         why the last request failed
 */

/** @type {State} */
export const state = {
  runs: [], run: 0, checkpoint: "best", task: 0,
  input: null, window: 0, tokens: [], chosen: null, look: null, newest: null, vocabulary: null,
  head: null, hover: null, masked: [], ablated: [], edited: [], overlay: [],
  temperature: 1, top_k: 0, top_p: 1, choice: "best", seed: 1,
  panel: "source", research: "lens", story: { chapter: 0, step: 0 }, theme: "auto", second: null,
  playing: false, busy: false, error: null,
};

/** Large values are compared by identity: a new one is always a change. */
const BIG = new Set(["runs", "look", "newest", "vocabulary", "error"]);

/** @type {Set<(keys: Set<string>) => void>} */
const listeners = new Set();

/** Changes the state and tells the listeners which keys have new values.
 * @param {Partial<State>} patch */
export function set(patch) {
  const keys = new Set(Object.keys(patch).filter((key) => !same(key, state[key], patch[key])));
  if (keys.size === 0) return;
  Object.assign(state, patch);
  announce(keys);
}

/** Tells the listeners to draw again all that depends on `keys`. @param {Set<string>} keys */
export function announce(keys) {
  for (const listener of [...listeners]) listener(keys);
}

/** Calls `listener(keys)` after each change, until the returned function is called.
 * @param {"change"} event
 * @param {(keys: Set<string>) => void} listener */
export function on(event, listener) {
  if (event !== "change") throw new Error(`the state has no event "${event}"; it has "change"`);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {string} key @param {any} before @param {any} after */
function same(key, before, after) {
  if (before === after) return true;
  if (BIG.has(key) || typeof before !== "object" || typeof after !== "object") return false;
  return JSON.stringify(before) === JSON.stringify(after);
}
