// Permalinks: the address of the page contains its state, so that a link leads back to the same figure.


/** @import { App } from "any2any/types" */

const KEPT = ["run", "checkpoint", "task", "input", "window", "tokens", "chosen", "head", "masked", "ablated", "edited", "overlay",
  "temperature", "top_k", "top_p", "choice", "seed", "panel", "research", "story", "theme", "second"];

/** Former names of parts of the state, which links in slides and mails still have. */
const FORMER = { muted: "ablated" };

/** A part of a link as it is called now: self-attention was `own`. */
const present = (name, value) => (name === "kind" && value === "own" ? "self" : value);

/** The length of an address that every browser and mail program passes on. */
const LONGEST = 30_000;

/** The state in `location.hash`; unknown and broken parts are left out. @returns
 * {Partial<import("any2any/state").State>} */
export function readLink(hash = location.hash) {
  const patch = {};
  for (const [name, value] of new URLSearchParams(hash.slice(1))) {
    const key = FORMER[name] ?? name;
    if (!KEPT.includes(key)) continue;
    try {
      patch[key] = JSON.parse(value, present);
    } catch {
      // Someone shortened the link: the rest of it is still good.
    }
  }
  return patch;
}

/** The address for `state`; parts that equal `initial` are left out. */
export function linkTo(state, initial) {
  const search = new URLSearchParams();
  for (const key of KEPT) {
    const value = JSON.stringify(state[key]);
    if (value !== JSON.stringify(initial[key]) && value.length < LONGEST) search.set(key, value);
  }
  return `#${search}`;
}

/** Removes the token from the address, so that a link can be passed on. */
export function forgetToken() {
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);
}

/** Writes the link after each change, without a new entry in the history. @param {App} app */
export function keepLink(app, initial) {
  let timer = 0;
  app.on("change", () => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", linkTo(app.state, initial)), 150);
  });
}
