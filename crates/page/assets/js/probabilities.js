// Log-probabilities of tokens from two looks, and the difference of two outputs word by word.

import { floats } from "any2any/api";

/** @import { Look } from "any2any/types" */

/** Log-probability of `token` in a row of logits. @param {ArrayLike<number>} logits */
export function logProbability(logits, token) {
  let high = -Infinity;
  for (let i = 0; i < logits.length; i += 1) high = Math.max(high, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) sum += Math.exp(logits[i] - high);
  return logits[token] - high - Math.log(sum);
}

/** Row i of a look's logits, behind the first i tokens. @param {Look} look */
export function rowOfLogits(look, row) {
  const { shape: [, vocabulary], values } = floats(look.logits);
  return values.subarray(row * vocabulary, (row + 1) * vocabulary);
}

/** True if the look belongs to the current tokens; while an answer is awaited it does not. */
export function isCurrent({ look, tokens }) {
  if (!look?.logits) return look !== null;
  const { positions } = look.target;
  return positions.length === tokens.length && positions.every(({ token }, i) => token === tokens[i]);
}

/** The likeliest token that may be written. @param {ArrayLike<number>} logits @param {number[]} forbidden */
export function likeliest(logits, forbidden = []) {
  let best = -1;
  for (let i = 0; i < logits.length; i += 1) {
    if ((best < 0 || logits[i] > logits[best]) && !forbidden.includes(i)) best = i;
  }
  return best;
}

/** The tokens of a look, and the end token behind them if the model would write it next: [{ token, row }].
 * @param {{ end: number, forbidden: number[] }} vocabulary @param {Look} look */
export function scored(look, vocabulary) {
  const tokens = look.target.positions.map(({ token }, row) => ({ token, row }));
  const after = tokens.length;
  const complete = tokens.at(-1)?.token !== vocabulary.end && look.logits.shape[0] > after
    && likeliest(rowOfLogits(look, after), vocabulary.forbidden) === vocabulary.end;
  return complete ? [...tokens, { token: vocabulary.end, row: after }] : tokens;
}

/** Log-probability of each of `tokens`, as `scored` gives them. @param {Look} look */
export function logProbabilities(look, tokens) {
  return tokens.map(({ token, row }) => logProbability(rowOfLogits(look, row), token));
}

/** The share of the probability that has moved: half the sum of all differences (total variation distance). */
export function moved(before, after) {
  let sum = 0;
  for (let i = 0; i < before.length; i += 1) sum += Math.abs(before[i] - after[i]);
  return sum / 2;
}

/** The parts of an output that are compared: words, or characters of a long text without spaces. */
export function partsOf(text) {
  const words = text.trim().split(/\s+/).filter((word) => word !== "");
  return words.length === 1 && text.length > 24 ? [...text] : words;
}

/** The edit script from one list to another, by the longest common subsequence.
 * @template T @param {T[]} before @param {T[]} after
 * @returns {{ before: { part: T, same: boolean }[], after: { part: T, same: boolean }[] }} */
export function difference(before, after) {
  const common = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i][j] = before[i] === after[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const result = { before: [], after: [] };
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      result.before.push({ part: before[i++], same: true });
      result.after.push({ part: after[j++], same: true });
    } else if (j === after.length || (i < before.length && common[i + 1][j] >= common[i][j + 1])) {
      result.before.push({ part: before[i++], same: false });
    } else {
      result.after.push({ part: after[j++], same: false });
    }
  }
  return result;
}

/** Rank correlation of two lists, from -1 to 1: Kendall's tau-b, which allows for ties. Long lists are thinned out. */
export function kendall(one, other, most = 1200) {
  const step = Math.ceil(one.length / most);
  let agree = 0;
  let tiesOne = 0;
  let tiesOther = 0;
  let pairs = 0;
  for (let i = 0; i < one.length; i += step) {
    for (let j = i + step; j < one.length; j += step) {
      const a = Math.sign(one[i] - one[j]);
      const b = Math.sign(other[i] - other[j]);
      agree += a * b;
      if (a === 0) tiesOne += 1;
      if (b === 0) tiesOther += 1;
      pairs += 1;
    }
  }
  const scale = Math.sqrt((pairs - tiesOne) * (pairs - tiesOther));
  return scale > 0 ? agree / scale : null;
}
