// Arithmetic of decoding: from a row of logits to a distribution, and from that to a token.

/** Softmax of logits at a temperature. @param {ArrayLike<number>} logits @returns {Float64Array} */
export function softmax(logits, temperature = 1) {
  const result = new Float64Array(logits.length);
  let high = -Infinity;
  for (let i = 0; i < logits.length; i += 1) high = Math.max(high, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) {
    result[i] = Math.exp((logits[i] - high) / temperature);
    sum += result[i];
  }
  for (let i = 0; i < result.length; i += 1) result[i] /= sum;
  return result;
}

/** The distribution of decoding: softmax of all logits at a temperature, without the forbidden tokens, whose share is nobody's;
 * then only the `top_k` likeliest, then only the likeliest that together reach `top_p`, which sum to one. So a token's
 * probability is the same wherever it is told, unless something is cut off.
 * @param {ArrayLike<number>} logits
 * @param {{ temperature?: number, top_k?: number, top_p?: number, forbidden?: number[] }} options
 * @returns {{ before: Float64Array, after: Float64Array, order: number[] }} `before`: at temperature 1 and uncut;
 *   `order`: token ids, likeliest first */
export function distribution(logits, { temperature = 1, top_k = 0, top_p = 1, forbidden = [] } = {}) {
  const allowed = (probabilities) => {
    for (const token of forbidden) probabilities[token] = 0;
    return probabilities;
  };
  const before = allowed(softmax(logits));
  const order = Array.from(before.keys()).sort((a, b) => before[b] - before[a]);
  if (temperature === 0) return { before, after: onlyFirst(before.length, order[0]), order };
  const after = allowed(softmax(logits, temperature));
  if (top_k > 0 || top_p < 1) keepLikeliest(after, order, top_k, top_p);
  return { before, after, order };
}

function onlyFirst(length, token) {
  const result = new Float64Array(length);
  result[token] = 1;
  return result;
}

function keepLikeliest(probabilities, order, top_k, top_p) {
  let kept = top_k > 0 ? Math.min(top_k, order.length) : order.length;
  if (top_p < 1) {
    const within = order.slice(0, kept).reduce((sum, token) => sum + probabilities[token], 0);
    let sum = 0;
    let count = 0;
    while (count < kept && sum < top_p * within) sum += probabilities[order[count++]];
    kept = Math.max(1, count);
  }
  for (const token of order.slice(kept)) probabilities[token] = 0;
  const rest = probabilities.reduce((sum, p) => sum + p, 0);
  for (let i = 0; i < probabilities.length; i += 1) probabilities[i] /= rest;
}

/** The index drawn from probabilities, which may sum to less than one, by a number from 0 to 1. */
export function draw(probabilities, number) {
  let left = number * probabilities.reduce((sum, p) => sum + p, 0);
  for (let i = 0; i < probabilities.length; i += 1) {
    left -= probabilities[i];
    if (left < 0) return i;
  }
  return probabilities.lastIndexOf(Math.max(...probabilities));
}

/** A number from 0 to 1 that only depends on seed and step, so that a choice can be repeated (mulberry32). */
export function random(seed, step) {
  let z = (Math.imul(seed, 0x9e3779b1) + Math.imul(step + 1, 0x6d2b79f5)) | 0;
  z = Math.imul(z ^ (z >>> 15), z | 1);
  z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
  return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
}

/** Entropy in bits: 0 for one position alone, log2 n for n positions alike. */
export function entropy(weights) {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) if (weights[i] > 0) sum -= weights[i] * Math.log2(weights[i]);
  return sum;
}

/** A share in per cent as text: 12.3%, 0.4%, <0.1%. */
export function percent(share) {
  if (share > 0 && share < 0.001) return "<0.1%";
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
}

/** A weight as text: three digits behind the point, or as many that count. */
export const weightText = (weight) => minus(Math.abs(weight) >= 0.001 || weight === 0 ? weight.toFixed(3) : weight.toPrecision(2));

/** A number as text with a true minus sign. */
export const minus = (text) => String(text).replace("-", "−");

/** A number as text with its sign: +0.31, −1.20, 0. */
export function signed(value, digits = 2) {
  if (Math.abs(value) < 0.5 * 10 ** -digits) return "0";
  return `${value > 0 ? "+" : ""}${minus(value.toFixed(digits))}`;
}
