// Word by word: the tokens of the output, their probabilities, and the attention of each.

import { html, replace, framed, matrixFigure, weightRgb } from "any2any/draw";
import { matrixOf, highest, nameOf, rowOf } from "any2any/attention";
import { highlightOf } from "any2any/highlight";
import { coveredCount, figureOf } from "any2any/media";
import { coveredIn, readable } from "any2any/media/text";
import { percent } from "any2any/numbers";

/** @import { App, Look } from "any2any/types" */

/** The most output positions with a thumbnail of the source: those around the chosen one. */
const MOST_FRAMES = 24;

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "steps",
  title: "Step by step",
  hint: "The model writes one token, reads the source again with that token in mind, and writes the next. Use the arrow keys or play, and point at anything to see what it is tied to.",

  mount(root, app) {
    let parts = [];
    const redraw = () => {
      parts = app.state.look ? [focus(app, "source"), focus(app, "target"), strip(app), alignment(app)].filter(Boolean) : [];
      replace(root, parts.length ? parts.map(({ element }) => element) : html("p", { class: "empty" }, "Nothing is translated yet: see Source."));
      light();
    };
    const light = () => parts.forEach((part) => part.light());
    app.on("change", (keys) => {
      if (["look", "head", "theme"].some((key) => keys.has(key))) redraw();
      else if (keys.has("hover") || keys.has("chosen")) light();
    });
    redraw();
  },
};

/** @param {App} app */
const placeOf = (app) => app.state.hover ?? (app.position() >= 0 ? { side: "target", position: app.position() } : null);

/** Source or output, large, lit by the position under the pointer on the other side. Texts are large enough on the
 * stage.
 * @param {App} app */
function focus(app, side) {
  const { look, head } = app.state;
  const part = look[side];
  if (!part?.view || "text" in part.view) return null;
  const figure = figureOf({ ...part, side, size: "large",
    onHover: (position) => app.set({ hover: position === null ? null : { side, position } }),
    onPick: side === "target" ? (position) => app.choose(position) : undefined });
  const title = html("span", { class: "badge" });
  const data = () => ({ head, place: placeOf(app), weights: highlightOf(look, head, placeOf(app))[side], positions: part.positions });
  const element = framed({ title: side === "source" ? "Where it looks" : "What it wrote", name: `highlight-${side}`, data, controls: title,
    note: `${nameOf(head)}. ${side === "source" ? "The strongest colour is the largest weight of this step."
      : "Point at a part of it to see what it was written from; point at the source to see which parts used it."}` }, figure.element);
  const light = () => {
    const place = placeOf(app);
    const weights = highlightOf(look, head, place)[side];
    figure.paint(weights);
    figure.mark({ hover: place?.side === side ? place.position : null, ...(side === "source" ? { masked: app.state.masked } : { chosen: app.state.chosen }) });
    title.textContent = describe(look, place) + (side === "source" ? besides(part.positions, weights) : "");
  };
  return { element, light };
}

/** @param {Look} look */
function describe(look, place) {
  if (!place) return "nothing chosen";
  if (place.side === "source") return `outputs that used source position ${place.position + 1}`;
  const { label, region } = look.target.positions[place.position] ?? {};
  return `writing ${place.position + 1}${label ? `: ${readable(label, region).text}` : ""}`;
}

/** The share of the weights on positions behind the value, which no picture shows. */
function besides(positions, weights) {
  const count = coveredCount(positions);
  if (!weights || count === positions.length) return "";
  const share = weights.slice(count).reduce((sum, weight) => sum + weight, 0);
  return `, ${percent(share)} of it on the silence behind`;
}

/** A cell for each output position: the token, its probability, and for pictures and sounds the source with its
 * attention weights.
 * @param {App} app */
function strip(app) {
  const { look, head } = app.state;
  const { positions } = look.target;
  if (positions.length === 0 || positions[0].log_probability == null) return null;
  const pictured = look.source && !("text" in look.source.view);
  const first = pictured ? Math.max(0, Math.min(app.position() - MOST_FRAMES / 2, positions.length - MOST_FRAMES)) : 0;
  const last = pictured ? Math.min(positions.length, first + MOST_FRAMES) : positions.length;
  const cells = [];
  for (let position = first; position < last; position += 1) cells.push(cell(app, look, head, position, pictured));
  const data = () => positions.map(({ token, label, log_probability }) => ({ token, label, log_probability }));
  const more = last - first < positions.length ? ` Shown are ${first + 1} to ${last} of ${positions.length}.` : "";
  const element = framed({ title: "Token by token", name: "steps", data,
    note: `The bar below each token is the probability that the model gave it.${more}` },
  html("div", { class: `strip ${pictured ? "pictured" : ""}` }, cells));
  const light = () => cells.forEach((each) => {
    const at = Number(each.dataset.position);
    each.classList.toggle("chosen", at === app.state.chosen);
    each.classList.toggle("hovered", app.state.hover?.side === "target" && at === app.state.hover.position);
  });
  return { element, light };
}

/** @param {App} app @param {Look} look */
function cell(app, look, head, position, pictured) {
  const { label, region, log_probability: logarithm } = look.target.positions[position];
  const probability = logarithm == null ? null : Math.exp(logarithm);
  const shown = label == null ? String(position + 1) : readable(label, region).text;
  return html("button", {
    type: "button", class: "step", "data-position": position,
    onclick: () => app.choose(position === app.state.chosen ? null : position),
    onpointerenter: () => app.set({ hover: { side: "target", position } }),
    onpointerleave: () => app.set({ hover: null }),
  },
  pictured ? seen(look, head, position) : null,
  html("span", { class: "step-token" }, shown),
  probability === null ? null : html("span", { class: "step-bar" }, html("span", { style: { width: `${100 * probability}%` }, "data-probability": probability })),
  probability === null ? null : html("span", { class: "step-number" }, percent(probability)));
}

/** @param {Look} look */
function seen(look, head, position) {
  const figure = figureOf({ ...look.source, side: "source", size: "small" });
  figure.paint(highlightOf(look, head, { side: "target", position }).source);
  return figure.element;
}

/** The attention of all outputs to the source, as a matrix. @param {App} app */
function alignment(app) {
  const { look, head } = app.state;
  const whole = matrixOf(look, head);
  if (!whole || !look.source || head.kind !== "cross") return null;
  const written = app.finished() ? { ...whole, rows: whole.rows - 1 } : whole;     // nothing follows the end
  const heard = isSignal(look) ? coveredCount(look.source.positions) : look.source.positions.length;
  const cropped = whole.columns === look.source.positions.length && heard < whole.columns;
  const matrix = cropped ? firstColumns(written, heard) : written;
  const covered = coveredIn(look.source.view);
  const columnLabels = look.source.positions.slice(0, matrix.columns).map(({ label, region }, i) =>
    label || covered?.(region) != null ? readable(label, region, covered).text : region.nothing ? "∎" : String(i + 1));
  const labels = look.target.positions.map(({ label, region }, i) => (label == null ? String(i + 1) : readable(label, region).text));
  const rowLabels = matrix.rows === labels.length + 1 ? [...labels, "next"] : labels;
  const pooled = whole.columns !== look.source.positions.length;
  const figure = matrixFigure({
    matrix, rowLabels, columnLabels: pooled ? [] : columnLabels, colour: weightRgb, high: highest(look, head.stack, head.kind),
    onHover: (at) => app.set({ hover: at && at.row < labels.length ? { side: "target", position: at.row } : null }),
    onPick: ({ row }) => { if (row < labels.length) app.choose(row); },
  });
  const data = () => ({ head, rows: rowLabels, columns: columnLabels,
    weights: Array.from({ length: matrix.rows }, (_, row) => rowOf(matrix, row)) });
  const element = framed({ title: "All steps at once", name: "alignment", data,
    note: `${nameOf(head)}: each row is a step of the output and sums to one; each column is a position of the source.${cropped ? " Those of the silence behind the sound are left out." : ""}${look.source.view.text === undefined ? "" : " Where both languages share their order, the dark cells form a diagonal."}` }, figure.element);
  const light = () => {
    const place = placeOf(app);
    figure.mark({ row: place?.side === "target" ? place.position : null, column: place?.side === "source" ? place.position : null });
  };
  return { element, light };
}

/** @param {Look} look */
const isSignal = (look) => Boolean(look.source.view.signal);

/** The first columns of a matrix. @param {import("any2any/draw/heatmap").Matrix} matrix */
function firstColumns({ values, offset = 0, rows, columns }, count) {
  const kept = new Float32Array(rows * count);
  for (let row = 0; row < rows; row += 1) {
    const from = offset + row * columns;
    kept.set(values.subarray(from, from + count), row * count);
  }
  return { values: kept, rows, columns: count, offset: 0 };
}
