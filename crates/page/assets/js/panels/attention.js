// Attention: all heads of all layers as small maps, one head large, several side by side, and the computation of one
// row.

import { html, replace, button, dark, segmented, heatmap, divergingRgb, weightRgb, framed, matrixFigure, colourBar, downloads } from "any2any/draw";
import { kinds, layers, matrixOf, highest, rollout, meanEntropy, nameOf, rowOf } from "any2any/attention";
import { floats } from "any2any/api";
import { highlightOf } from "any2any/highlight";
import { figureOf } from "any2any/media";
import { coveredIn, readable } from "any2any/media/text";
import { headColours } from "any2any/attention/head_colours";
import { scoreFigure } from "any2any/panels/score";

/** @import { App, Look } from "any2any/types" */

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "attention",
  title: "Where every head looks",
  hint: "Each small square is one head: a row for each position that asks, a column for each that it can look at, the stronger in colour the more it looks. Open one to see it large; pin several to compare them.",

  mount(root, app) {
    const pins = [];                                              // heads to compare, oldest first
    const parts = { grid: html("div"), large: html("div"), colours: html("div"), pinned: html("div"), score: html("div") };
    replace(root, parts.grid, parts.large, parts.colours, parts.pinned, parts.score);
    let large = null;
    let colours = null;
    let shown = {};
    let query = null;                                             // the row that was picked to be taken apart

    const redraw = () => {
      const { look, head } = app.state;
      if (!look || !head) {
        shown = {};
        return empty(parts, look);
      }
      // Long inputs have millions of weights, so figures with the same numbers as before stay.
      const numbers = [dark(), ...layers(look, head.stack, head.kind).map(({ weights }) => weights)];
      const anew = !alike(numbers, shown.numbers);
      if (anew || !alike(pins, shown.pins)) replace(parts.grid, grid(app, pins, pin));
      if (anew || !alike(pins, shown.pins)) replace(parts.pinned, pinned(app, pins, pin));
      if (anew || !same(head, shown.head)) replace(parts.large, (large = largeHead(app, pick))?.element);
      if (anew || layerOf(head) !== layerOf(shown.head)) replace(parts.colours, (colours = headColours(app)).element);
      shown = { numbers, pins: [...pins], head };
      markOpen(parts.grid, head);
      drawScore();
      light();
    };
    const pin = (head) => {
      const at = pins.findIndex((each) => same(each, head));
      if (at >= 0) pins.splice(at, 1);
      else pins.push(head);
      redraw();
    };
    const drawScore = () => {
      const { head } = app.state;
      const whole = head.head === "mean" || isRollout(head);
      if (app.currentRun().model.body === "lstm") return replace(parts.score);      // scores by a network, not by a product
      replace(parts.score, whole ? html("p", { class: "note" }, "Open a single head to see how a row of it comes about.") : scoreFigure(app, query ?? Math.max(0, app.position())));
    };
    const pick = (row) => {
      query = row;
      drawScore();
    };
    const light = () => {
      large?.light();
      colours?.light();
    };
    app.on("change", (keys) => {
      if (keys.has("head") || keys.has("look") || keys.has("chosen")) query = null;
      if (["look", "head", "theme", "chosen"].some((key) => keys.has(key))) redraw();
      else if (keys.has("hover") || keys.has("overlay")) light();
    });
    redraw();
  },
};

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const layerOf = (head) => head && `${head.stack} ${head.kind} ${head.layer}`;
const alike = (a, b) => a.length === b?.length && a.every((each, i) => each === b[i]);

function markOpen(grid, head) {
  for (const cell of grid.querySelectorAll(".head-cell")) cell.setAttribute("aria-pressed", String(cell.dataset.head === JSON.stringify(head)));
}
const isRollout = (head) => head?.head === "rollout";

/** The matrix of a head or of the rollout. @param {Look} look */
const matrixFor = (look, head) => (isRollout(head) ? rollout(look, head.stack, head.kind, head.layer) : matrixOf(look, head));

/** The colour scale: all heads of one kind share it, so that they can be compared; a rollout has its own.
 * @param {Look} look */
const scaleOf = (look, { stack, kind, head }) =>
  ({ colour: weightRgb, high: head === "rollout" ? undefined : highest(look, stack, kind) });

const titleFor = (head) => (isRollout(head) ? `${nameOf({ ...head, head: "mean" }).split(" · ")[0]} · rolled out to layer ${head.layer + 1}` : nameOf(head));

/** @param {Look|null} look */
function empty(parts, look) {
  replace(parts.grid, html("p", { class: "empty" }, look
    ? "This model has no attention: a recurrent network hands one state on from position to position, and its decoder sees the last of them alone. Compare sets it beside another model."
    : "Nothing is translated yet: see Source."));
  for (const part of [parts.large, parts.colours, parts.pinned, parts.score]) replace(part);
}

// ---- the grid ----

/** @param {App} app */
function grid(app, pins, pin) {
  const { look, head } = app.state;
  const { stack, kind } = head;
  const entries = layers(look, stack, kind);
  const heads = floats(entries[0].weights).shape[0];
  const columns = ["mean", "rollout", ...Array.from({ length: heads }, (_, i) => i)];
  const cells = entries.map((entry) => [
    html("span", { class: "grid-layer" }, `Layer ${entry.layer + 1}`),
    columns.map((name) => cell(app, { stack, kind, layer: entry.layer, head: name }, pins, pin)),
  ]);
  const table = html("div", { class: "heads", style: { "--columns": columns.length } },
    html("span"), columns.map((name) => html("span", { class: "grid-head" }, typeof name === "number" ? `Head ${name + 1}` : name === "mean" ? "Mean" : "Rollout")), cells);
  const kindsShown = kinds(look);
  const choice = segmented({ label: "Kind of attention", value: `${stack} ${kind}`,
    options: kindsShown.map((each) => ({ value: `${each.stack} ${each.kind}`, label: each.label, title: each.title })),
    onchange: (value) => app.set({ head: { ...firstOf(look, kindsShown.find((each) => `${each.stack} ${each.kind}` === value)), head: typeof head.head === "number" ? 0 : "mean" } }) });
  const data = () => entries.map((entry) => ({ stack, kind, layer: entry.layer, ...floats(entry.weights) }));
  return framed({ title: kindsShown.find((each) => each.stack === stack && each.kind === kind)?.title ?? "", name: `attention-${stack}-${kind}`, data, controls: html("span", { class: "row" }, choice, colourBar({ high: highest(look, stack, kind), colour: weightRgb })),
    note: "The number is the entropy in bits, averaged over the rows: 0 is a head that always looks at one place. Colours are shared by all heads, and grow with the square root of the weight. Mean averages the heads of a layer; rollout follows attention through all layers below (Abnar and Zuidema, 2020)." }, table);
}

/** @param {Look} look @param {ReturnType<typeof kinds>[number]} which */
const firstOf = (look, { stack, kind }) => ({ stack, kind, layer: layers(look, stack, kind).at(-1).layer });

/** The largest side of a small map in pixels; more could not be seen. */
const SMALL = 96;

/** @param {App} app */
function cell(app, head, pins, pin) {
  const { look } = app.state;
  const matrix = matrixFor(look, head);
  const canvas = html("canvas", { "aria-hidden": "true" });
  heatmap(canvas, matrix, { most: SMALL, ...scaleOf(look, head) });
  const bits = meanEntropy(matrix);
  const open = html("button", { type: "button", class: "head-cell", title: titleFor(head), "aria-label": `${titleFor(head)}, entropy ${bits.toFixed(1)} bits`,
    "data-head": JSON.stringify(head), "data-entropy": bits,
    onclick: () => app.set({ head }) }, canvas, html("span", { class: "badge" }, bits.toFixed(1)));
  const isPinned = pins.some((each) => same(each, head));
  return html("div", { class: "head-box" }, open,
    button(isPinned ? "●" : "○", () => pin(head), { class: "pin", title: isPinned ? "Unpin this head" : "Pin this head to compare it", "aria-pressed": String(isPinned) }));
}

// ---- one head, large ----

/** @param {Look} look */
function labelsOf(look, side) {
  const part = look[side];
  const covered = coveredIn(part.view);
  return part.positions.map(({ label, region }, i) =>
    label != null || covered?.(region) != null ? readable(label, region, covered).text : region.nothing ? "∎" : String(i + 1));
}

/** Names of the rows and columns of a head's matrix. @param {Look} look */
export function namesOf(look, { stack, kind }) {
  if (stack === "encoder") return { rows: labelsOf(look, "source"), columns: labelsOf(look, "source") };
  const written = labelsOf(look, "target");
  const inputs = ["begin", ...written];
  return { rows: inputs, columns: kind === "self" ? inputs : labelsOf(look, "source") };
}

/** @param {App} app */
function largeHead(app, pick) {
  const { look, head } = app.state;
  const matrix = matrixFor(look, head);
  if (!matrix) return null;
  const names = namesOf(look, head);
  const side = head.stack === "encoder" ? "source" : "target";
  const count = look[side].positions.length;
  const figure = matrixFigure({ matrix, rowLabels: fitting(names.rows, matrix.rows), columnLabels: fitting(names.columns, matrix.columns),
    ...scaleOf(look, head),
    onHover: (at) => app.set({ hover: at && at.row < count ? { side, position: at.row } : null }),
    onPick: ({ row }) => pick(row) });
  const picture = pictured(look, head);
  const data = () => ({ head, rows: names.rows, columns: names.columns, weights: Array.from({ length: matrix.rows }, (_, i) => rowOf(matrix, i)) });
  const element = framed({ title: titleFor(head), name: "head", data, note: noteFor(head) }, html("div", { class: "row" }, figure.element, picture?.element ?? null));
  const light = () => {
    const place = app.state.hover ?? (side === "target" && app.position() >= 0 ? { side, position: app.position() } : null);
    figure.mark({ row: place?.side === side ? place.position : null, column: place && place.side !== side ? place.position : null });
    picture?.paint(highlightOf(look, head, place, matrix).source);
  };
  return { element, light };
}

/** Labels of a matrix. Pooled matrices have fewer rows than positions, and numbers instead. */
const fitting = (labels, count) => (labels.length === count ? labels : Array.from({ length: count }, (_, i) => String(i + 1)));

/** A picture or sound is shown beside its matrix, as column numbers say little. @param {Look} look */
function pictured(look, head) {
  if (!look.source || coveredIn(look.source.view) || (head.stack === "decoder" && head.kind === "self")) return null;
  const figure = figureOf({ ...look.source, side: "source", size: "large" });
  figure.element.classList.add("grow");
  return figure;
}

function noteFor({ stack, kind }) {
  if (stack === "encoder") return "A row is a source position that asks, a column one that it takes from. Every position sees every other. Click a row to take it apart below.";
  if (kind === "cross") return "A row is what was written last when the model asked, a column a source position. So the row of “begin” wrote the first token: the output is shifted by one. Click a row to take it apart below.";
  return "A row is what was written last, a column what was written before. Nothing above the diagonal: the model cannot look at what it has not written yet.";
}

// ---- several, side by side ----

/** @param {App} app */
function pinned(app, pins, pin) {
  const { look } = app.state;
  const shown = pins.filter((head) => matrixFor(look, head));
  if (shown.length === 0) return null;
  const figures = shown.map((head) => html("figure", { class: "pinned" },
    html("figcaption", {}, titleFor(head), button("×", () => pin(head), { title: "Unpin", class: "quiet" })), mapOf(matrixFor(look, head), scaleOf(look, head))));
  const difference = differenceOf(look, shown);
  const box = html("div", { class: "row" }, figures, difference);
  return html("section", { class: "card stack" },
    html("div", { class: "title-row" }, html("h3", {}, "Pinned"),
      downloads({ name: "pinned", figure: () => box, data: () => shown.map((head) => ({ head, ...plain(matrixFor(look, head)) })) })),
    box, shown.length === 1 ? html("p", { class: "note" }, "Pin another to see both side by side, with their difference.") : null);
}

const plain = (matrix) => ({ rows: matrix.rows, columns: matrix.columns, values: valuesOf(matrix) });
const valuesOf = ({ values, offset, rows, columns }) => values.slice(offset, offset + rows * columns);

function mapOf(matrix, options) {
  const canvas = html("canvas", { class: "pinned-map" });
  heatmap(canvas, matrix, options);
  return canvas;
}

/** @param {Look} look */
function differenceOf(look, shown) {
  if (shown.length !== 2) return null;
  const [first, second] = shown.map((head) => matrixFor(look, head));
  if (first.rows !== second.rows || first.columns !== second.columns) return null;
  const [left, right] = [valuesOf(first), valuesOf(second)];
  const values = left.map((value, i) => value - right[i]);
  return html("figure", { class: "pinned" }, html("figcaption", {}, "Difference: orange where the first looks more"),
    mapOf({ values, rows: first.rows, columns: first.columns }, { low: -1, high: 1, colour: (t) => divergingRgb(2 * t - 1) }));
}
