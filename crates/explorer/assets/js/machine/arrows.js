// The lines of the figure: where data goes.

import { svg } from "any2any/draw";

/** The heads of all kinds of arrows, to be defined once in a figure. */
export function heads() {
  return svg("defs", {}, ["stream", "carry", "cross", "context", "loop"].map(head));
}

function head(kind) {
  return svg("marker", { id: `head-${kind}`, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto-start-reverse" },
    svg("path", { class: `head ${kind}`, d: "M0.5 0.8 L7 4 L0.5 7.2 Z" }));
}

/** What the lines mean. */
export function legend({ x, y }, { anatomy, aligned }) {
  const lines = [
    ["stream", "data flows upwards"],
    anatomy.body === "lstm" ? null : ["carry", "carried past a step and added"],
    ["cross", "what the encoder has read"],
    anatomy.stacks.at(-1).attention?.intoCells ? ["context", "what was looked at, into the next step"] : null,
    aligned ? null : ["loop", "what is written comes back in"],
  ].filter(Boolean);
  return svg("g", { class: "legend", "data-key": "legend" }, lines.map(([kind, text], i) => [
    svg("path", { class: `arrow ${kind}`, d: `M${x} ${y + 17 * i}h26`, "marker-end": `url(#head-${kind})` }),
    svg("text", { class: "aside", x: x + 36, y: y + 17 * i + 3.5 }, text),
  ]));
}

/** A line of the layout. */
export function arrow({ points, kind, key, note }) {
  const ends = kind === "line" ? {} : { "marker-end": `url(#head-${kind})` };
  return svg("path", { class: `arrow ${kind}`, d: rounded(points), "data-key": key, ...ends }, note ? svg("title", {}, note) : null);
}

/** A path along points with rounded corners. */
function rounded(points, radius = 7) {
  const toward = ([ax, ay], [bx, by], by_) => {
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const part = Math.min(by_, length / 2) / length;
    return [ax + (bx - ax) * part, ay + (by - ay) * part];
  };
  const text = ([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`;
  return points.map((point, i) => {
    if (i === 0) return `M${text(point)}`;
    if (i === points.length - 1) return `L${text(point)}`;
    return `L${text(toward(point, points[i - 1], radius))}Q${text(point)} ${text(toward(point, points[i + 1], radius))}`;
  }).join("");
}
