// A chart of curves with axes, and the values under the pointer.

import { svg, html, replace, showTooltip, hideTooltip } from "any2any/draw";
import { scaleOf, readable } from "any2any/training/scale";

/**
 * @typedef {object} Curve
 * @property {string} name
 * @property {string} colour
 * @property {[number, number][]} points     x and y, x rising
 * @property {boolean} [dots]                measured now and then: a dot at each point
 *
 * @typedef {object} Chart
 * @property {Curve[]} curves
 * @property {string} label                  what is drawn, for those who hear the page
 * @property {string} across                 what x is
 * @property {boolean} [logX] @property {boolean} [logY]
 * @property {[number, number]} [rangeX]     from where to where, when not as the points say
 * @property {number} [width] @property {number} [height]
 * @property {(x: number|null) => void} [onHover]
 */

const MARGIN = { left: 52, right: 10, top: 10, bottom: 34 };

/** The most points of a drawn curve; with more, each pixel keeps its lowest and its highest. */
const MOST = 1200;

/** @param {Chart} chart @returns {SVGElement & { pointAt: (x: number|null) => void }} */
export function chartOf({ curves, label, across, logX = false, logY = false, rangeX, width = 440, height = 230, onHover }) {
  const drawn = curves.map((curve) => ({ ...curve, points: curve.points.filter(([x, y]) => shown(x, logX) && shown(y, logY)) }));
  const all = drawn.flatMap(({ points }) => points);
  const scaleX = scaleOf(rangeX ?? all.map(([x]) => x), { log: logX, ticks: Math.floor(width / 80) });
  const scaleY = scaleOf(all.map(([, y]) => y), { log: logY });
  const root = Object.assign(svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, tabindex: 0 }), {
    pointAt: (/** @type {number|null} */ at) => {},
  });
  if (!scaleX || !scaleY) {
    root.append(svg("text", { class: "soft", x: width / 2, y: height / 2, "text-anchor": "middle" }, "nothing yet"));
    return root;
  }
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const x = (value) => MARGIN.left + inner.width * scaleX.at(value);
  const y = (value) => MARGIN.top + inner.height * (1 - scaleY.at(value));
  const cursor = svg("line", { class: "cursor", y1: MARGIN.top, y2: MARGIN.top + inner.height, visibility: "hidden" });
  const marks = svg("g");
  root.append(axes(scaleX, scaleY, x, y, width, height, across), ...drawn.map((curve) => lineOf(curve, x, y)), cursor, marks);

  root.pointAt = (at) => {
    const known = at !== null && at >= scaleX.low && at <= scaleX.high;
    cursor.setAttribute("visibility", known ? "visible" : "hidden");
    replace(marks);
    if (!known) return;
    cursor.setAttribute("x1", String(x(at)));
    cursor.setAttribute("x2", String(x(at)));
    for (const { colour, points } of drawn) {
      const near = nearest(points, at);
      if (near) marks.append(svg("circle", { cx: x(near[0]), cy: y(near[1]), r: 3.5, fill: colour }));
    }
  };
  hovering(root, { scaleX, inner, width, drawn, across, onHover: (at) => { root.pointAt(at); onHover?.(at); } });
  return root;
}

const shown = (value, log) => Number.isFinite(value) && (!log || value > 0);

function axes(scaleX, scaleY, x, y, width, height, across) {
  const bottom = height - MARGIN.bottom;
  return svg("g", { class: "axes", "aria-hidden": "true" },
    scaleY.ticks.map((tick) => [
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, readable(tick))]),
    scaleX.ticks.map((tick) => svg("text", { x: x(tick), y: bottom + 15, "text-anchor": "middle" }, readable(tick))),
    svg("text", { class: "across", x: width - MARGIN.right, y: bottom + 30, "text-anchor": "end" }, across));
}

/** @param {Curve} curve @param {(value: number) => number} x @param {(value: number) => number} y */
function lineOf({ colour, points, dots, name }, x, y) {
  const few = thinned(points, x);
  const path = few.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  return svg("g", { class: "curve", "data-name": name },
    svg("path", { d: path, stroke: colour, "stroke-width": dots ? 2 : 1.3, fill: "none" }),
    dots && points.length < 200 ? points.map(([a, b]) => svg("circle", { cx: x(a), cy: y(b), r: 2.6, fill: colour })) : null);
}

/** The lowest and the highest of all points on each pixel, in their order. */
function thinned(points, x) {
  if (points.length <= MOST) return points;
  const kept = [];
  for (let from = 0; from < points.length;) {
    const pixel = Math.round(x(points[from][0]));
    let [low, high, to] = [from, from, from];
    for (; to < points.length && Math.round(x(points[to][0])) === pixel; to += 1) {
      if (points[to][1] < points[low][1]) low = to;
      if (points[to][1] > points[high][1]) high = to;
    }
    kept.push(points[Math.min(low, high)]);
    if (low !== high) kept.push(points[Math.max(low, high)]);
    from = to;
  }
  return kept;
}

/** The point whose x is nearest. */
function nearest(points, at) {
  let [low, high] = [0, points.length - 1];
  if (high < 0) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= at) low = middle;
    else high = middle;
  }
  return at - points[low][0] < points[high][0] - at ? points[low] : points[high];
}

function hovering(root, { scaleX, inner, width, drawn, across, onHover }) {
  let at = null;
  const rows = () => drawn.map(({ name, colour, points }) => ({ name, colour, near: nearest(points, at) })).filter(({ near }) => near);
  const words = () => [
    html("div", {}, `${across} ${readable(at)}`),
    rows().map(({ name, colour, near }) => html("div", { class: "chart-value" },
      html("span", { class: "swatch", style: { background: colour } }), html("span", {}, name), html("span", { class: "number" }, readable(near[1])))),
  ].flat();
  const leave = () => { at = null; onHover(null); hideTooltip(); };
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    const place = ((event.clientX - box.left) * (width / box.width) - MARGIN.left) / inner.width;
    if (place < -0.02 || place > 1.02) return leave();
    at = scaleX.back(Math.max(0, Math.min(1, place)));
    onHover(at);
    showTooltip(event, ...words());
  });
  root.addEventListener("pointerleave", leave);
  root.addEventListener("blur", leave);
  root.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    at = scaleX.back(Math.max(0, Math.min(1, (at === null ? 0 : scaleX.at(at)) + by)));
    onHover(at);
    const box = root.getBoundingClientRect();
    const clientX = box.left + (MARGIN.left + inner.width * scaleX.at(at)) * (box.width / width);
    showTooltip({ clientX, clientY: box.top + 20 }, ...words());
  });
}
