// Accuracy of models by distance, such as that between a subject and its verb. The test split is counted piece by
// piece, so that the curves grow while the models work.

import { api } from "any2any/api";
import { html, svg, replace, tooltip, category } from "any2any/draw";

const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 12;
const TOP = 12;
const BELOW = 40;
/** Number of bins of distances: few enough that each has samples enough. */
const BINS = 12;

/** Cache of counts by question; they stay true as long as the page is open. */
const known = new Map();

/** Counts a split to its end; calls `tell(groups, share)` after every piece.
 * @param {{ run: number, checkpoint: string, task: number, split: string }} about
 * @param {(groups: object[], share: number) => void} tell @param {() => boolean} wanted */
export async function countAll(about, tell, wanted) {
  const key = JSON.stringify(about);
  if (!known.has(key)) known.set(key, { groups: [], next: 0, total: 1 });
  const so = known.get(key);
  tell(so.groups, so.next === null ? 1 : so.next / so.total);
  while (so.next !== null && wanted()) {
    const { next: from } = so;
    const piece = await api.distance({ ...about, from });
    if (so.next === from) {                                       // else another call has counted this piece
      so.groups = added(so.groups, piece.groups);
      so.next = piece.next;
      so.total = piece.total;
    }
    tell(so.groups, so.next === null ? 1 : so.next / so.total);
  }
}

/** The sums of two lists of groups, in rising order of distance. */
export function added(one, other) {
  const sums = new Map();
  for (const { distance, samples, right, first_right } of [...one, ...other]) {
    const sum = sums.get(distance) ?? { distance, samples: 0, right: 0, first_right: 0 };
    sums.set(distance, { distance, samples: sum.samples + samples, right: sum.right + right, first_right: sum.first_right + first_right });
  }
  return [...sums.values()].sort((a, b) => a.distance - b.distance);
}

/** Groups drawn together into bins of equal width: [{ from, to, middle, samples, right, share, low, high }].
 * @param {import("any2any/types").DistanceGroup[]} groups @param {"right"|"first_right"} what @param {[number, number]} range */
export function binned(groups, what, [least, most], bins = BINS) {
  const width = Math.max(1, Math.ceil((most - least + 1) / bins));
  const result = new Map();
  for (const group of groups) {
    const bin = Math.floor((group.distance - least) / width);
    const sum = result.get(bin) ?? { from: group.distance, to: group.distance, samples: 0, right: 0 };
    result.set(bin, { from: sum.from, to: group.distance, samples: sum.samples + group.samples, right: sum.right + group[what] });
  }
  return [...result.values()].map((bin) => ({ ...bin, middle: (bin.from + bin.to) / 2, share: bin.right / bin.samples, ...wilson(bin.right, bin.samples) }));
}

/** The 95 % interval of a share (Wilson 1927), which also holds near 0 and 1. */
export function wilson(right, samples, z = 1.96) {
  const share = right / samples;
  const scale = 1 + (z * z) / samples;
  const middle = (share + (z * z) / (2 * samples)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / samples + (z * z) / (4 * samples * samples));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Fills `root` with the curves. @param {{ name: string, groups: import("any2any/types").DistanceGroup[] }[]} series
 * @param {"right"|"first_right"} what @param {HTMLElement} root @param {number} [room]   the width that there is, in pixels */
export function drawAccuracy(root, series, what, room = root.clientWidth - 4) {
  const all = series.flatMap(({ groups }) => groups.map(({ distance }) => distance));
  if (all.length === 0) return replace(root, html("p", { class: "empty" }, "Counting …"));
  /** @type {[number, number]} */
  const range = [Math.min(...all), Math.max(...all)];
  const width = Math.max(300, Math.min(900, room));
  const x = (distance) => LEFT + ((distance - range[0]) / Math.max(1, range[1] - range[0])) * (width - LEFT - RIGHT);
  const y = (share) => TOP + (1 - share) * (HEIGHT - TOP);
  const curves = series.map(({ name, groups }, i) => curve(name, binned(groups, what, range), i, x, y));
  replace(root, svg("svg", { class: "accuracy", width, height: HEIGHT + BELOW, role: "img", "aria-label": "Accuracy by distance" },
    [0, 0.25, 0.5, 0.75, 1].map((share) => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share) }),
      svg("text", { class: "tick", x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`),
    ]),
    curves,
    ticks(range).map((tick) => svg("text", { class: "tick", x: x(tick), y: HEIGHT + 16, "text-anchor": "middle" }, String(tick))),
    svg("text", { class: "title", x: LEFT, y: HEIGHT + BELOW - 4 }, "words between subject and verb →")));
}

function curve(name, bins, i, x, y) {
  const colour = category(i);
  const band = [...bins.map(({ middle, high }) => `${x(middle)},${y(high)}`), ...bins.map(({ middle, low }) => `${x(middle)},${y(low)}`).reverse()];
  return svg("g", { role: "group", "aria-label": name },
    svg("polygon", { class: "band", points: band.join(" "), fill: colour }),
    svg("polyline", { class: "line", points: bins.map(({ middle, share }) => `${x(middle)},${y(share)}`).join(" "), stroke: colour }),
    bins.map((bin) => tooltip(svg("circle", { cx: x(bin.middle), cy: y(bin.share), r: 4, fill: colour, "data-series": i, "data-from": bin.from, "data-to": bin.to, "data-right": bin.right, "data-samples": bin.samples }),
      () => `${name}, ${bin.from} to ${bin.to} words: ${bin.right} of ${bin.samples} right (${(100 * bin.share).toFixed(1)} %)`)));
}

/** @param {[number, number]} range */
function ticks([least, most]) {
  const step = [1, 2, 5, 10, 20, 50, 100].find((each) => (most - least) / each <= 8) ?? 200;
  const first = Math.ceil(least / step) * step;
  return Array.from({ length: Math.floor((most - first) / step) + 1 }, (_, i) => first + i * step);
}
