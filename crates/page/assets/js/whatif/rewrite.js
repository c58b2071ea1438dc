// What the model would write with parts of the source hidden and heads silent.
//
// A look shows at once what the model would choose after every beginning of some tokens. So the old output serves as
// a guess: where the model agrees with it nothing has to be asked, and at the first place where it does not, its own
// choice is put in and the rest is kept as the next guess. What comes out is exactly what step by step would write.

import { rowOfLogits, likeliest, scored, logProbabilities } from "any2any/probabilities";

/** @import { Look, Vocabulary } from "any2any/types" */

/** @param {(tokens: number[]) => Promise<Look>} look    asks the model for a look at tokens
 * @param {number[]} guess
 * @param {Vocabulary} vocabulary
 * @param {{ first?: Look|null, most: number }} options   `first`: the look at `guess`, if it is there already;
 *   `most`: how many tokens are written at most
 * @returns {Promise<{ tokens: number[], text: string, log_probability: number, look: Look }>} */
export async function rewrite(look, guess, vocabulary, { first = null, most }) {
  let tokens = guess.filter((token) => token !== vocabulary.end);
  let seen = first && tokens.length === guess.length ? first : await look(tokens);
  for (;;) {
    const { at, token } = firstChange(seen, tokens, vocabulary);
    const over = token === vocabulary.end || at >= most;
    if (over && at === tokens.length) return written(tokens, seen, vocabulary);
    tokens = over ? tokens.slice(0, at) : [...tokens.slice(0, at), token, ...tokens.slice(at + 1)];
    seen = await look(tokens);
    if (over) return written(tokens, seen, vocabulary);
  }
}

/** The first place where the model would choose something else, the end included. @param {Look} look */
function firstChange(look, tokens, { forbidden }) {
  for (let at = 0; ; at += 1) {
    const token = likeliest(rowOfLogits(look, at), forbidden);
    if (at === tokens.length || token !== tokens[at]) return { at, token };
  }
}

/** @param {Look} look @param {Vocabulary} vocabulary */
function written(tokens, look, vocabulary) {
  const log_probability = logProbabilities(look, scored(look, vocabulary)).reduce((sum, each) => sum + each, 0);
  return { tokens, text: textOf(look), log_probability, look };
}

/** What was written, as it reads. @param {Look} look */
export function textOf(look) {
  return look.target.view?.text ?? look.target.positions.map(({ label }) => label ?? "").join(" ");
}
