// Scales of an axis: from numbers to places, and round numbers as ticks.

/** @typedef {{ low: number, high: number, log: boolean, at: (value: number) => number, back: (place: number) => number, ticks: number[] }} Scale
 *   `at` gives 0 for `low` and 1 for `high`; `back` is its inverse */

/** A scale that holds all values; a logarithmic one leaves out those that have no logarithm.
 * @param {number[]} values @param {{ log?: boolean, zero?: boolean, ticks?: number }} [options] zero: begins at 0
 * @returns {Scale|null} null when there is nothing to show */
export function scaleOf(values, { log = false, zero = false, ticks = 5 } = {}) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  if (log) return logarithmic(low, high === low ? low * 1.01 : high, ticks);
  if (zero) low = Math.min(0, low);
  if (high === low) [low, high] = [low - (Math.abs(low) || 1) * 0.01, high + (Math.abs(high) || 1) * 0.01];
  return linear(low, high, ticks);
}

function linear(low, high, count) {
  const step = roundStep((high - low) / count);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return { low, high, log: false, ticks, at: (value) => (value - low) / (high - low), back: (place) => low + place * (high - low) };
}

function logarithmic(low, high, count) {
  const from = Math.log10(low);
  const span = Math.log10(high) - from;
  // Powers of ten when there are enough of them, else 1, 2 and 5 of each, else as on a linear scale.
  const marks = span >= 3 ? [1] : [1, 2, 5];
  let ticks = [];
  for (let power = Math.floor(from); power <= Math.ceil(from + span); power += 1) {
    for (const mark of marks) ticks.push(Number(`${mark}e${power}`));
  }
  ticks = ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  if (ticks.length < 3) ({ ticks } = linear(low, high, count));
  const every = Math.ceil(ticks.length / (count + 2));
  ticks = ticks.filter((_, i) => i % every === 0);
  return { low, high, log: true, ticks, at: (value) => (Math.log10(value) - from) / span, back: (place) => 10 ** (from + place * span) };
}

/** 1, 2 or 5 times a power of ten, not below `step`. */
function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((mark) => mark * power).find((each) => each >= step * (1 - 1e-9));
}

/** A number as text on an axis or in a tooltip: at most four significant digits. */
export function readable(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e").replace("-", "−").replace("e-", "e−");
  const text = size >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
}
