// Curves between positions of the source and of the target, as thick as the attention weights between them.

import { svg, replace } from "any2any/draw/elements";

/**
 * @typedef {{ from: { x: number, y: number }, to: { x: number, y: number }, weight: number, bow?: number, title?: string, colour?: string }} Edge
 *   bow: 1 or -1 bends an edge between two positions of one line downwards or upwards
 */

/** The strongest edges: at least `share` of the strongest, at most `most` of them, the strongest last so that it is
 * drawn on top. Thousands of faint lines would only be fog.
 * @template {{ weight: number }} E @param {E[]} edges @returns {E[]} */
export function strongest(edges, { most = 24, share = 0.08 } = {}) {
  const top = edges.reduce((high, edge) => Math.max(high, edge.weight), 0);
  return edges.filter((edge) => edge.weight >= share * top && edge.weight > 0)
    .sort((a, b) => b.weight - a.weight).slice(0, most).reverse();
}

/** Draws the edges into an `<svg>` or `<g>`; weights are read between 0 and 1.
 * @param {SVGElement} parent @param {Edge[]} edges */
export function arcs(parent, edges, { thickest = 9, colour = "var(--target)" } = {}) {
  return replace(parent, edges.map((edge) => arc(edge, thickest, colour)));
}

/** @param {Edge} edge @param {number} thickest @param {string} colour */
function arc({ from, to, weight, title, bow = 0, colour: own }, thickest, colour) {
  return svg("path", {
    class: "arc",
    d: bow ? bowed(from, to, bow) : crossing(from, to),
    stroke: own ?? colour,
    fill: "none",
    "stroke-width": (0.75 + thickest * weight).toFixed(2),
    "stroke-opacity": (0.25 + 0.6 * weight).toFixed(3),
    "data-weight": weight,
  }, title ? svg("title", {}, title) : null);
}

function crossing(from, to) {
  const middle = (from.y + to.y) / 2;
  return `M${from.x},${from.y} C${from.x},${middle} ${to.x},${middle} ${to.x},${to.y}`;
}

function bowed(from, to, bow) {
  const reach = bow * Math.min(40, 14 + Math.abs(to.x - from.x) / 6);
  return `M${from.x},${from.y} C${from.x},${from.y + reach} ${to.x},${to.y + reach} ${to.x},${to.y}`;
}
