// Recorded answers of an exported page: its part "answers" is an object from "METHOD path question" to { answer, tokens },
// where the question is the query or body in one spelling.

import { carried, unpacked } from "any2any/carried";

/** True on an exported page, which has recorded examples. */
export const offline = carried("answers");

/** Null on a page that a server answers. */
const answers = offline ? JSON.parse(new TextDecoder().decode(await unpacked("answers"))) : null;

/** The recorded answer to a question; undefined if there is none. An answer about more tokens holds those about the
 * first of them, so it is found by any beginning of its tokens. */
export function recorded(method, path, given) {
  const { tokens = [], from, count, ...question } = given;
  const found = answers[`${method} ${path} ${canonical(question)}`];
  if (found && tokens.every((token, i) => token === found.tokens[i])) return found.answer;
  return undefined;
}

/** JSON with sorted keys and without null, false, empty lists and undefined: one spelling for one question. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, v]) => v != null && v !== false && !(Array.isArray(v) && v.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
}
