// What every section does: it asks again when its question has changed, and shows in words why there is no answer.

import { canonical } from "any2any/api";
import { recorded } from "any2any/recording";

/** @import { App } from "any2any/types" */

/** An asker: `ask(question, work, { shown, said })` waits a moment, and then calls `work(signal)` unless the question is the
 * one that was asked last. `shown(answer)` gets the answer of the latest question, `said(words)` why there is none: what does not apply
 * to this model is no failure of the page.
 * @param {App} app @param {HTMLElement} root   which says while it waits */
export function asker(app, root) {
  let last = "";
  let request = null;
  let timer = 0;

  /** @template A @param {object} question @param {(signal: AbortSignal) => Promise<A>} work
   * @param {{ shown: (answer: A) => void, said: (words: string) => void }} then */
  return function ask(question, work, { shown, said }) {
    const asked = canonical(question);
    if (asked === last) return;
    last = asked;
    request?.abort();
    clearTimeout(timer);
    const mine = (request = new AbortController());
    root.classList.add("waiting");
    timer = setTimeout(async () => {
      await recorded(app, async () => {
        try {
          const answer = await work(mine.signal);
          if (mine === request) shown(answer);
        } catch (error) {
          if (error.name === "AbortError") return;
          // Asked again as soon as something changes.
          if (mine === request) last = "";
          if (error.code !== "unsupported") throw error;
          if (mine === request) said(sentence(error.message));
        }
      }, (words) => { if (mine === request) said(words); });
      if (mine === request) root.classList.remove("waiting");
    }, WAIT);
  };
}

/** Milliseconds in which several changes become one question. */
const WAIT = 120;

/** @param {string} words */
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
