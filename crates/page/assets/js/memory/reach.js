// The strength with which each source position counts for a chosen word, for one model or two, on a logarithmic scale:
// a forgotten position is orders of magnitude below the others.

import { html, svg, replace, tooltip, category } from "any2any/draw";
import { coveredIn, readable } from "any2any/media/text";

/** @import { Look } from "any2any/types" */

/** The width that a word needs on the axis, in pixels, with its label written upwards. */
const NARROWEST = 13;
const HEIGHT = 230;
const LEFT = 52;
const RIGHT = 12;
const TOP = 12;
/** The most decades of the scale; fainter positions lie on the lowest line. */
const DECADES = 6;

/** Strengths relative to the strongest of each series, as powers of ten. Zero becomes the lowest power.
 * @param {ArrayLike<number>} values @returns {number[]} */
export function decades(values) {
  const high = Math.max(...Array.from(values));
  return Array.from(values, (value) => (value > 0 && high > 0 ? Math.max(-DECADES, Math.log10(value / high)) : -DECADES));
}

/** The fading of a model: the strength of the median position of the farthest quarter, relative to the strongest, as a
 * power of ten.
 * @param {ArrayLike<number>} values the source's positions in order: the farthest first */
export function fading(values) {
  const far = decades(values).slice(0, Math.max(1, Math.ceil(values.length / 4))).sort((a, b) => a - b);
  return far[Math.floor(far.length / 2)];
}

/** Fills `root` with the figure.
 * @param {HTMLElement} root @param {{ name: string, values: ArrayLike<number> }[]} series each as many numbers as its source has positions
 * @param {{ labels: string[], onHover: (position: number|null) => void, room?: number }} about   room: the width that there is, in pixels */
export function drawReach(root, series, { labels, onHover, room = root.clientWidth - 4 }) {
  const count = Math.max(...series.map(({ values }) => values.length));
  const words = count <= 160;
  const low = Math.floor(Math.min(-1, ...series.flatMap(({ values }) => decades(values))));
  const width = Math.max(room, words ? LEFT + RIGHT + NARROWEST * count : 0);
  const below = words ? 34 + 6.4 * Math.min(12, Math.max(...labels.map((label) => label.length))) : 34;
  const step = (width - LEFT - RIGHT) / count;
  const x = (position) => LEFT + (position + 0.5) * step;
  const y = (decade) => TOP + (HEIGHT - TOP) * (decade / low);
  // Sources of different lengths are aligned at their ends, from which distance is counted.
  const before = (list) => count - list.length;
  const bars = series.map(({ name, values }, i) => drawSeries({ name, values, i, of: series.length, x, y, step, low, count }));
  const marker = svg("rect", { class: "marker", y: TOP, width: step, height: HEIGHT - TOP, visibility: "hidden" });
  const figure = svg("svg", { class: "reach", width, height: HEIGHT + below, role: "img", "aria-label": described(series) },
    marker, grid(low, width, y), bars,
    words ? labels.map((label, position) => svg("text", { class: "word", "text-anchor": "end", transform: `translate(${x(position + before(labels)) + 4} ${HEIGHT + 20}) rotate(-90)` }, label)) : null,
    ruler(count, x, HEIGHT + 11),
    svg("text", { class: "title", x: LEFT, y: HEIGHT + below - 4 }, "words before the end of the source →"));
  const positionAt = (event) => {
    // The figure may be drawn larger than it is.
    const { left, width: shown } = figure.getBoundingClientRect();
    const at = Math.floor((((event.clientX - left) * width) / shown - LEFT) / step);
    return at >= 0 && at < count ? at : null;
  };
  tooltip(figure, (event) => {
    const position = positionAt(event);
    return position === null ? null : html("div", {}, html("strong", {}, labels[position - before(labels)] ?? ""), ` ${count - 1 - position} before the end`,
      series.map(({ name, values }) => html("div", {}, `${name}: ${power(values[position - before(values)])}`)));
  });
  figure.addEventListener("pointermove", (event) => {
    const position = positionAt(event);
    onHover(position === null || position < before(labels) ? null : position - before(labels));
  });
  figure.addEventListener("pointerleave", () => onHover(null));
  replace(root, figure);
  const mark = (position) => {
    marker.setAttribute("visibility", position === null || position >= labels.length ? "hidden" : "visible");
    if (position !== null) marker.setAttribute("x", String(LEFT + (position + before(labels)) * step));
  };
  return { mark };
}

function drawSeries({ name, values, i, of, x, y, step, low, count }) {
  const colour = category(i);
  const shift = count - values.length;
  const strengths = decades(values);
  if (step < 3 * of) {
    const points = strengths.map((decade, position) => `${x(position + shift)},${y(decade)}`).join(" ");
    return svg("polyline", { class: "line", points, stroke: colour, "aria-label": name });
  }
  const wide = Math.min(9, (step - 2) / of);
  return svg("g", { role: "group", "aria-label": name }, strengths.map((decade, position) => svg("rect", {
    x: x(position + shift) + (i - of / 2) * wide, y: y(decade), width: wide - 0.5, height: Math.max(1, y(low) - y(decade)),
    fill: colour, "data-series": i, "data-position": position, "data-value": values[position],
  })));
}

function grid(low, width, y) {
  return Array.from({ length: 1 - low }, (_, i) => [
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(-i), y2: y(-i) }),
    svg("text", { class: "tick", x: LEFT - 8, y: y(-i) + 4, "text-anchor": "end" }, i === 0 ? "1" : `10${superscript(-i)}`),
  ]);
}

function ruler(count, x, y) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((each) => count / each <= 14) ?? 1000;
  return Array.from({ length: Math.ceil(count / step) }, (_, i) =>
    svg("text", { class: "tick", x: x(count - 1 - i * step), y, "text-anchor": "middle" }, String(i * step)));
}

const described = (series) => series.map(({ name, values }) => `${name}: the farthest quarter is ${power(10 ** fading(values))} of the strongest`).join("; ");

const superscript = (number) => String(number).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

/** A small number as text: 0.31, 2.4 · 10⁻⁵. */
export function power(value) {
  if (!(value > 0)) return "0";
  if (value >= 0.01 && value < 1000) return Number(value.toPrecision(2)).toString();
  const exponent = Math.floor(Math.log10(value));
  return `${(value / 10 ** exponent).toFixed(1)} · 10${superscript(exponent)}`;
}

/** Labels of a look's source positions. @param {Look} look */
export function wordsOf(look) {
  const covered = coveredIn(look.source.view);
  return look.source.positions.map(({ label, region }) => plain(label, region, covered));
}

/** The text of a token without the mark of a space before it. */
export const plain = (label, region, covered) => readable(label, region, covered).text.replace(/^[▁·\u2423]+(?=.)/, "");
