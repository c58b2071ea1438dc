// Colours of a sweep's cells, by convergence and speed.
//
// As in Sohl-Dickstein 2024 ("The boundary of neural network trainability is fractal", arXiv 2402.06184): if training
// converges the sum of losses divided by the first, if not the sum of their inverses. Both are large near the boundary,
// where convergence is slow to tell. Only their ranks are drawn, so that both sides use the whole scale of colours.

import { divergingRgb, sequentialRgb } from "any2any/draw";
import { readable } from "any2any/training/scale";

/** The least share of colour, so that even the quickest cells differ from the paper. */
const PALEST = 0.25;

/** The three maps of a sweep. `colours(cells)` gives a function from a cell to [r, g, b]. */
export const MAPS = [
  { value: "measure", label: "Speed", title: "Blue converges, orange does not; the stronger, the slower it is to tell", colours: bySpeed,
    note: "Blue: training converges. Orange: it does not. Faint is quick, strong is slow, and slowest at the boundary between the two: the sum of losses divided by the first where training converges, the sum of their inverses where it does not, by rank (Sohl-Dickstein 2024, arXiv 2402.06184)." },
  { value: "loss", label: "Last loss", title: "The stronger, the lower the last loss; orange: training did not converge", colours: (cells) => byAmount(cells, ({ loss }) => loss),
    note: "The stronger, the lower the last loss. Orange: training did not converge, or the last loss was no number." },
  { value: "halved", label: "Steps to half", title: "The stronger, the sooner the loss was half of the first", colours: (cells) => byAmount(cells, ({ halved }) => halved, true),
    note: "The stronger, the sooner the loss had come down to half of the first. Empty: it never had. Orange: training did not converge." },
];

function bySpeed(cells) {
  const rank = { true: ranks(cells, true), false: ranks(cells, false) };
  return ({ converged, measure }) => {
    const amount = PALEST + (1 - PALEST) * rank[converged](Math.abs(measure));
    return divergingRgb(converged ? -amount : amount);
  };
}

/** The share of cells of one kind whose measure is not larger. */
function ranks(cells, kind) {
  const sorted = Float64Array.from(cells.filter(({ converged }) => converged === kind), ({ measure }) => Math.abs(measure)).sort();
  return (measure) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < measure) low = middle + 1;
      else high = middle;
    }
    return sorted.length > 1 ? low / (sorted.length - 1) : 1;
  };
}

function byAmount(cells, amountOf, emptyIsPaper = false) {
  const amounts = cells.filter(({ converged }) => converged).map(amountOf).filter((amount) => amount !== null);
  const low = Math.log(Math.max(1e-9, amounts.reduce((least, each) => Math.min(least, each), Infinity)));
  const high = Math.log(Math.max(1e-9, amounts.reduce((most, each) => Math.max(most, each), -Infinity)));
  return (cell) => {
    if (!cell.converged) return divergingRgb(0.45);
    const amount = amountOf(cell);
    if (amount === null) return emptyIsPaper ? sequentialRgb(0) : divergingRgb(0.45);
    return sequentialRgb(0.12 + 0.88 * (1 - (Math.log(Math.max(1e-9, amount)) - low) / (high - low || 1)));
  };
}

/** The result of a cell in words. */
export function verdict({ converged, diverged, loss, halved, first_loss: first }, steps) {
  if (diverged) return `diverged: no number after step ${diverged - 1}`;
  const last = `loss ${readable(first)} → ${readable(loss)} in ${steps} steps`;
  if (!converged) return `does not converge: ${last}`;
  return `converges: ${last}${halved ? `, halved at step ${halved}` : ""}`;
}
