// The output of a model with masked positions and silenced heads.
//
// One look shows the model's choice after every beginning of some tokens. So the old output serves as a guess: nothing
// has to be asked as long as the model agrees with it, and at the first place where it does not, its own choice is
// inserted and the rest is kept as the next guess (speculative decoding). The result is exactly that of decoding step
// by step.

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

/** The first position at which the model would choose another token, the end included. @param {Look} look */
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

/** The text of an output. @param {Look} look */
export function textOf(look) {
  return look.target.view?.text ?? look.target.positions.map(({ label }) => label ?? "").join(" ");
}
