// The figure of the paper (Vaswani et al. 2017, figure 1), drawn for this model: encoder left, decoder right, data
// flowing upwards. Every box can be opened; the strips between boxes are the real vectors, a column a position.

import { svg, sequentialRgb } from "any2any/draw";
import { acrossOf, layoutOf } from "any2any/machine/layout";
import { nameOf } from "any2any/machine/architecture";
import { meanOfHeads } from "any2any/machine/activations";
import { cellsOf } from "any2any/machine/lstm";
import { markAll, picture, strip } from "any2any/machine/residual_stream";
import { heightOf, words } from "any2any/machine/embedding";

/** @import { Drawn } from "any2any/machine/activations" */
/** @import { Block } from "any2any/machine/architecture" */

/** @param {import("any2any/machine/activations").Drawn} given @param {number} width
 * @returns {{ element: SVGSVGElement, remark: () => void }} remark: shows what is hovered or explained now */
export function drawFigure(given, width) {
  const { architecture, activations, view, perPosition } = given;
  const room = acrossOf(architecture, width);
  const layout = layoutOf(architecture, {
    width,
    shown: view.folded ? view.layer : null,
    perPosition,
    words: {
      encoder: heightOf(activations, "encoder", "in", room),
      decoder: heightOf(activations, "decoder", "in", room),
      out: heightOf(activations, "decoder", "out", room),
    },
  });
  const { x, y, width: w, height } = layout.view;
  const figure = svg("svg", {
    class: room < 140 ? "machine-svg narrow" : "machine-svg", viewBox: `${x} ${y} ${w} ${height}`, width: w, height, role: "group",
    "aria-label": "The model as the figure of the paper: data flows upwards. Each box opens.",
  }, heads());
  figure.append(
    ...layout.frames.map((frame) => drawFrame(frame, given)),
    ...layout.arrows.map(arrow),
    ...layout.strips.map((each) => strip(each, given)),
    ...layout.words.map((row) => words(row, given)),
    ...inOrder([...layout.boxes, ...layout.rounds]).map((each) => (each.r ? drawRound(each, given) : drawBox(each, given))),
    ...layout.titles.map(({ text, x: at, y: line }) =>
      svg("text", { class: `stack-title ${text}`, x: at, y: line, "text-anchor": "middle" }, text.toUpperCase())));
  if (layout.legend) figure.append(legend(layout.legend, given));
  figure.addEventListener("keydown", moveBetween);
  const remark = () => markAll(figure, given.app);
  remark();
  return { element: figure, remark };
}

/** Sorts parts in the order of computation, which is that of the tab key: encoder before decoder, and upwards. */
function inOrder(parts) {
  const stack = ({ block }) => (block.stack === "encoder" ? 0 : 1);
  return parts.sort((a, b) => stack(a) - stack(b) || b.y - a.y);
}

function drawFrame({ stack, layer, of, folded, rail, heading, x, y, w, h }, { view, setLayer }) {
  const label = folded && of > 1 ? `layer ${layer + 1} of ${of}` : of > 1 ? `layer ${layer + 1}` : "its one layer";
  // Cards behind the frame hint at the layers that are folded away.
  const behind = folded ? Array.from({ length: Math.min(2, of - 1) }, (_, i) => i + 1).reverse() : [];
  const next = () => setLayer((layer + 1) % of);
  const many = folded && of > 1;
  const side = rail > 0 ? x + w - 9 : x + 9;
  return svg("g", { class: `layer-frame ${stack}`, "data-key": `${stack}.layers` },
    behind.map((i) => svg("path", { class: "behind", d: edge(x + 4 * i, y, w - 8 * i, 3 * i) })),
    svg("rect", { class: "frame", x, y, width: w, height: h, rx: 9 }),
    svg("text", { class: "frame-label", x: rail > 0 ? x + 9 : x + w - 9, y: heading, "text-anchor": rail > 0 ? "start" : "end" }, label),
    many ? svg("g", {
      class: "times", role: "button", tabindex: 0, "aria-label": `${of} layers like this one; show the next`,
      onclick: next, onkeydown: pressed(next),
    },
      svg("rect", { class: "hit", x: side - (rail > 0 ? 34 : 4), y: heading - 13, width: 38, height: 17, rx: 5 }),
      svg("text", { x: side, y: heading, "text-anchor": rail > 0 ? "end" : "start" }, `${of} ×`)) : null);
}

/** The upper edge of a card that lies behind another and stands out by `by`. */
const edge = (x, y, w, by) => `M${x} ${y}q0 ${-by} 7 ${-by}h${w - 14}q7 0 7 ${by}`;

/** @param {import("any2any/machine/layout").Layout["boxes"][number]} box @param {Drawn} given */
function drawBox({ block, x, y, w, h }, given) {
  const title = titleOf(block, w);
  const two = Boolean(block.small) && h > 30;
  const small = block.kind === "attention" && w > 200;            // room for a small picture of the weights
  const middle = small && title.length * 6.8 > w - 2 * h ? x + (w - h) / 2 : x + w / 2;
  const line = block.kind === "cells" ? y + 14 : y + h / 2 + (two ? -3 : 4);
  return openable(block, given, [
    svg("rect", { class: `box kind-${block.kind}`, x, y, width: w, height: h, rx: 6 }),
    svg("text", { class: "box-title", x: middle, y: line, "text-anchor": "middle" }, title),
    two ? svg("text", { class: "box-small", x: middle, y: line + 15, "text-anchor": "middle" }, block.small) : null,
    small ? weightsOf(block, x + w - h + 3, y + 4, h - 8, given) : null,
    block.kind === "cells" ? cellsOf(block, { x, y: y + 20, w, h: h - 24 }, given) : null,
  ]);
}

/** @param {import("any2any/machine/architecture").Block} block @param {number} width */
const titleOf = ({ title, brief }, width) => (brief && title.length * 6.8 + 8 > width ? brief : title);

/** A small picture of the mean weights, when the box has room for one. @param {Block} block */
function weightsOf(block, x, y, size, { activations }) {
  const weights = activations.value(block.part, "weights");
  if (!weights) return null;
  return picture(meanOfHeads(weights), { x, y, w: size, h: size, colour: sequentialRgb, low: 0 });
}

/** @param {import("any2any/machine/layout").Round} round @param {Drawn} given */
function drawRound({ block, x, y, r, side, room }, given) {
  const aside = block.kind === "positions" && !block.added;
  const mark = aside
    ? svg("path", { class: "wave", d: waveAt(x, y, 5) })
    : svg("text", { class: "sign", x, y: y + 4.3, "text-anchor": "middle" }, "+");
  return openable(block, given, [
    svg("circle", { class: `box kind-${block.kind}`, cx: x, cy: y, r }),
    mark,
    block.kind === "positions" ? positionsBeside(block, x, y, r, side, room) : addBeside(block, x, y),
  ]);
}

/** @param {Block} block */
function positionsBeside(block, x, y, r, side, room) {
  const anchor = side > 0 ? "start" : "end";
  const text = (at, words) =>
    (room > 150 ? svg("text", { class: "aside", x: at, y: y + 4, "text-anchor": anchor }, words) : null);
  if (!block.added) return text(x + side * (r + 5), `${block.title}, in attention`);
  const far = x + side * 26;
  return [
    svg("path", { class: "wave", d: waveAt(far, y, 8) }),
    svg("path", { class: "arrow stream", d: `M${far - side * 9} ${y}H${x + side * (r + 1)}`, "marker-end": "url(#head-stream)" }),
    text(far + side * 12, block.title),
  ];
}

const waveAt = (x, y, half) => `M${x - half} ${y}q${half / 2} ${-1.1 * half} ${half} 0t${half} 0`;

function addBeside({ stack }, x, y) {
  const side = stack === "decoder" ? -1 : 1;
  return svg("text", { class: "aside", x: x + side * 13, y: y + 4, "text-anchor": side > 0 ? "start" : "end" }, "add");
}

/** @param {Block} block */
function openable(block, { view, open }, body) {
  const act = () => open(block.key);
  const part = svg("g", {
    class: "openable", role: "button", tabindex: 0, "data-key": block.key,
    "aria-pressed": String(view.part === block.key), onclick: act, onkeydown: pressed(act),
  }, body);
  // A box is called by what is written in it; a sign has no words.
  part.setAttribute(/\p{L}{2}/u.test(part.textContent) ? "aria-description" : "aria-label", `${nameOf(block)}: open`);
  return part;
}

const pressed = (act) => (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.stopPropagation();
  act();
};

function moveBetween(event) {
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!by) return;
  const all = [...event.currentTarget.querySelectorAll("[role=button]")]
    .sort((a, b) => b.getBoundingClientRect().bottom - a.getBoundingClientRect().bottom);
  all[(all.indexOf(document.activeElement) + by + all.length) % all.length]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

// ---- lines: where data goes ----

/** The heads of all kinds of arrows, to be defined once in a figure. */
function heads() {
  return svg("defs", {}, ["stream", "carry", "cross", "context", "loop"].map(head));
}

function head(kind) {
  return svg("marker", { id: `head-${kind}`, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto-start-reverse" },
    svg("path", { class: `head ${kind}`, d: "M0.5 0.8 L7 4 L0.5 7.2 Z" }));
}

/** The legend of the lines. */
function legend({ x, y }, { architecture, perPosition }) {
  const lines = [
    ["stream", "data flows upwards"],
    architecture.body === "lstm" ? null : ["carry", "carried past a step and added"],
    ["cross", "what the encoder has read"],
    architecture.stacks.at(-1).attention?.intoCells ? ["context", "what was looked at, into the next step"] : null,
    perPosition ? null : ["loop", "what is written comes back in"],
  ].filter(Boolean);
  return svg("g", { class: "legend", "data-key": "legend" }, lines.map(([kind, text], i) => [
    svg("path", { class: `arrow ${kind}`, d: `M${x} ${y + 17 * i}h26`, "marker-end": `url(#head-${kind})` }),
    svg("text", { class: "aside", x: x + 36, y: y + 17 * i + 3.5 }, text),
  ]));
}

/** A line of the layout. @param {import("any2any/machine/layout").Arrow} line */
function arrow({ points, kind, key, note }) {
  const ends = kind === "line" ? {} : { "marker-end": `url(#head-${kind})` };
  return svg("path", { class: `arrow ${kind}`, d: rounded(points), "data-key": key, ...ends }, note ? svg("title", {}, note) : null);
}

/** A path along points with rounded corners. @param {[number, number][]} points */
function rounded(points, radius = 7) {
  /** @param {[number, number]} from @param {[number, number]} to @returns {[number, number]} */
  const toward = ([ax, ay], [bx, by]) => {
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const part = Math.min(radius, length / 2) / length;
    return [ax + (bx - ax) * part, ay + (by - ay) * part];
  };
  /** @param {[number, number]} point */
  const text = ([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`;
  return points.map((point, i) => {
    if (i === 0) return `M${text(point)}`;
    if (i === points.length - 1) return `L${text(point)}`;
    return `L${text(toward(point, points[i - 1]))}Q${text(point)} ${text(toward(point, points[i + 1]))}`;
  }).join("");
}
