// What the chapters draw with: a drawing that always fits its place, words, arrows and columns of numbers.

import { svg, divergingRgb } from "any2any/draw";
import { picture } from "any2any/machine/residual_stream";
import { extent } from "any2any/machine/activations";

/** The size of a chapter's drawing in its own units, which the page scales to the screen: text of 26 units is read from
 * the last row. */
export const WIDTH = 1200;
export const HEIGHT = 800;

/** A drawing that is scaled to its place. @param {string} label what it shows @param {...any} children */
export const drawing = (label, ...children) => fitted(svg("svg", { class: "story-drawing", width: WIDTH, height: HEIGHT, role: "img", "aria-label": label },
  arrowHead(), children));

/** Scales a drawing of fixed size to the place that it is given. @template {SVGSVGElement} E @param {E} element @returns {E} */
export function fitted(element) {
  if (!element.hasAttribute("viewBox")) element.setAttribute("viewBox", `0 0 ${element.getAttribute("width")} ${element.getAttribute("height")}`);
  element.setAttribute("width", "100%");
  element.setAttribute("height", "100%");
  return element;
}

const arrowHead = () => svg("defs", {}, svg("marker", { id: "story-head", viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse" },
  svg("path", { class: "story-head", d: "M0.5 0.8 L7 4 L0.5 7.2 Z" })));

/** A line of text. @param {number} x @param {number} y @param {string} words
 * @param {{ size?: number, anchor?: "start"|"middle"|"end", class?: string }} how */
export const text = (x, y, words, { size = 26, anchor = "middle", class: name = "" } = {}) =>
  svg("text", { class: `story-words ${name}`, x, y, "font-size": size, "text-anchor": anchor }, words);

/** An arrow. @param {[number, number]} from @param {[number, number]} to */
export const arrow = ([x1, y1], [x2, y2], name = "") =>
  svg("line", { class: `story-arrow ${name}`, x1, y1, x2, y2, "marker-end": "url(#story-head)" });

/** The size of letters with which all `labels` fit into columns of a width. @param {string[]} labels */
export const sizeFor = (labels, width, most = 28) =>
  Math.max(9, Math.min(most, (width - 10) / (0.58 * Math.max(1, ...labels.map((label) => [...label].length)))));

/** A word in a box. @param {number} x its middle @param {number} y its middle @param {string} label
 * @param {{ width: number, size: number, side?: "source"|"target"|"plain", data?: Record<string, any> }} how */
export function word(x, y, label, { width, size, side = "source", data = {} }) {
  const height = 1.7 * size;
  return svg("g", { class: `story-word ${side}`, ...data },
    svg("rect", { x: x - width / 2 + 2, y: y - height / 2, width: width - 4, height, rx: 8 }),
    text(x, y + 0.35 * size, label, { size }));
}

/** A list of numbers as a column of colours, blue below zero and orange above.
 * @param {ArrayLike<number>} values @param {{ x: number, y: number, w: number, h: number, most?: number }} place
 *   most: the absolute value of the strongest colour */
export function column(values, { x, y, w, h, most = extent(values) }) {
  const matrix = { values: Float32Array.from(values), rows: values.length, columns: 1, offset: 0 };
  return svg("g", { class: "story-column" },
    picture(matrix, { x, y, w, h, colour: (t) => divergingRgb(2 * t - 1), low: -most, high: most }),
    svg("rect", { class: "story-edge", x, y, width: w, height: h }));
}

/** A list of numbers as a row of colours.
 * @param {ArrayLike<number>} values @param {{ x: number, y: number, w: number, h: number, most?: number }} place */
export function row(values, { x, y, w, h, most = extent(values) }) {
  const matrix = { values: Float32Array.from(values), rows: 1, columns: values.length, offset: 0 };
  return svg("g", { class: "story-column" },
    picture(matrix, { x, y, w, h, colour: (t) => divergingRgb(2 * t - 1), low: -most, high: most }),
    svg("rect", { class: "story-edge", x, y, width: w, height: h }));
}

/** Shows the first `count` of elements, and dims the others. @param {Element[]} elements */
export const reveal = (elements, count) => elements.forEach((each, i) => each.classList.toggle("story-dim", i >= count));
