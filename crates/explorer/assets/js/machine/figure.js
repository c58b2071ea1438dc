// The figure of the paper (Vaswani et al. 2017, figure 1), drawn for this model: encoder left, decoder right, data
// flowing upwards. Every box can be opened; the strips between boxes are the real vectors, a column a position.

import { svg, diverging, sequentialRgb } from "any2any/draw";
import { acrossOf, layoutOf } from "any2any/machine/layout";
import { nameOf } from "any2any/machine/anatomy";
import { arrow, heads, legend } from "any2any/machine/arrows";
import { extent, meanOfHeads } from "any2any/machine/flow";
import { picture } from "any2any/machine/picture";
import { markAll, strip } from "any2any/machine/strips";
import { heightOf, words } from "any2any/machine/words";

/** @param {object} given { anatomy, flow, app, view, open(key), aligned }
 * @returns {{ element: SVGSVGElement, remark: () => void }} remark: shows what is hovered or explained now */
export function drawFigure(given, width) {
  const { anatomy, flow, view, aligned } = given;
  const room = acrossOf(anatomy, width);
  const layout = layoutOf(anatomy, {
    width,
    shown: view.folded ? view.layer : null,
    aligned,
    words: {
      encoder: heightOf(flow, "encoder", "in", room),
      decoder: heightOf(flow, "decoder", "in", room),
      out: heightOf(flow, "decoder", "out", room),
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

/** In the order of the data, which is that of the tab key: encoder before decoder, and upwards. */
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

const titleOf = ({ title, brief }, width) => (brief && title.length * 6.8 + 8 > width ? brief : title);

/** A small picture of the mean weights, when the box has room for one. */
function weightsOf(block, x, y, size, { flow }) {
  const weights = flow.value(block.part, "weights");
  if (!weights) return null;
  return picture(meanOfHeads(weights), { x, y, w: size, h: size, colour: sequentialRgb, low: 0 });
}

/** LSTM cells are one after the other: each takes what the one before it left. */
function cellsOf(block, { x, y, w, h }, { flow }) {
  const hidden = flow.value(block.part, "hidden");
  const count = hidden.shape.at(-2);
  const step = w / count;
  if (step < 9) {
    const [from, to] = block.backwards ? [x + w - 8, x + 8] : [x + 8, x + w - 8];
    return svg("path", { class: "arrow stream", d: `M${from} ${y + h / 2}H${to}`, "marker-end": "url(#head-stream)" });
  }
  const size = Math.min(20, step * 0.62, h - 6);
  const most = extent(hidden.values);
  return Array.from({ length: count }, (_, i) => {
    const values = hidden.values.subarray(i * hidden.shape.at(-1), (i + 1) * hidden.shape.at(-1));
    const strength = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length) / most;
    const cx = x + (i + 0.5) * step;
    const cy = y + h / 2;
    const from = block.backwards ? cx + step - size / 2 : cx - step + size / 2;
    const to = block.backwards ? cx + size / 2 + 1 : cx - size / 2 - 1;
    const isFirst = block.backwards ? i === count - 1 : i === 0;
    return [
      svg("rect", { class: "cell", x: cx - size / 2, y: cy - size / 2, width: size, height: size, rx: 3, fill: diverging(strength) }),
      isFirst ? null : svg("path", { class: "arrow stream", d: `M${from} ${cy}L${to} ${cy}`, "marker-end": "url(#head-stream)" }),
    ];
  });
}

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

function openable(block, { view, open }, body) {
  const act = () => open(block.key);
  return svg("g", {
    class: "openable", role: "button", tabindex: 0, "data-key": block.key, "aria-label": `${nameOf(block)}: open`,
    "aria-pressed": String(view.part === block.key), onclick: act, onkeydown: pressed(act),
  }, body);
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
