// The residual stream: its norms and sums, explained, and the strips of real vectors between boxes, with the marks of
// the position that is hovered or explained.

import { svg, html, heatmap, divergingRgb, hideTooltip, showTooltip } from "any2any/draw";
import { extent, matrix, times, written } from "any2any/machine/activations";

/** @import { Block } from "any2any/machine/architecture" */
/** @import { App } from "any2any/types" */

/** @param {Block} block */
export const explainNorm = (block, { d, stream, name }) => ({
    text: block.layer === null
      ? [`After all layers, the ${name}'s vectors are brought to one scale once more, so that whatever reads them next need not care how much the layers have added up.`]
      : [`Before the next step reads the stream, each vector is brought to one scale: its ${d} numbers are shifted to mean 0 and stretched to spread 1, then scaled and shifted by learned amounts.`,
        "This model normalises before each step (“pre-norm”), where the paper's figure does it after the sum. The stream itself is then never rescaled, which lets deep models learn without a careful start."],
    formula: "norm(x) = γ · (x − mean(x)) / spread(x) + β",
    into: stream,
    out: stream,
  });

export const explainAdd = (_, { stream, d }) => ({
    text: [
      `What the step has found is added to what was there: ${d} numbers plus ${d} numbers, position by position. The line around the box, which carries the old vectors past, is called the residual connection.`,
      "So a layer never has to copy what it does not change, and while learning, the error finds a short way down to the first layers.",
    ],
    formula: "x + step(norm(x))",
    into: `${stream} twice`,
    out: stream,
  });

/** @param {Block} block */
export const explainAddNorm = (block, { stream, d }) => ({
    text: [
      `First the sum: what the step has found is added to what was there before it. The line around the box carries the old vectors past and is called the residual connection; a layer never has to copy what it does not change.`,
      `Then the normalisation: each vector's ${d} numbers are shifted to mean 0 and stretched to spread 1, then scaled and shifted by learned amounts, so that nothing grows out of hand. As in the paper's figure, it stands after the sum (“post-norm”).`,
    ],
    formula: "norm(x + step(x)),   norm(x) = γ · (x − mean(x)) / spread(x) + β",
    into: `${stream} twice`,
    out: stream,
  });

/** A strip of vectors on their way: a column for each position, as the words below them; features from top to bottom. */
export function strip({ key, stack, x, y, w, h, note, from }, { activations }) {
  const numbers = from.map((each) => activations.value(...each)).filter(Boolean);
  if (numbers.length === 0) return svg("g");
  const stream = beside(numbers.map((each) => matrix(each)));
  const { rows, columns } = stream;
  const most = extent(stream.values) * 0.7;
  const image = picture(turned(stream), { x, y, w, h, colour: (t) => divergingRgb(2 * t - 1), low: -most, high: most });
  image.addEventListener("pointermove", (event) => {
    const box = image.getBoundingClientRect();
    const position = Math.min(rows - 1, Math.floor(((event.clientX - box.left) / box.width) * rows));
    const feature = Math.min(columns - 1, Math.floor(((event.clientY - box.top) / box.height) * columns));
    const label = activations.labels[stack][position] ?? `position ${position + 1}`;
    const value = written(stream.values[position * columns + feature]);
    showTooltip(event, `${label} · number ${feature + 1} of ${columns}: ${value}`);
  });
  image.addEventListener("pointerleave", hideTooltip);
  const width = numbers.reduce((sum, { full }) => sum + full.at(-1), 0);
  const mark = { class: `mark ${stack}`, "data-rows": rows, "data-left": x };
  return svg("g", { class: "strip", "data-key": key },
    svg("text", { class: "shape", x: x + 1, y: note }, times([numbers[0].full.at(-2), width])),
    image,
    svg("rect", { class: "strip-edge", x, y, width: w, height: h, rx: 2 }),
    svg("rect", { ...mark, x, y: y - 1, width: w / rows, height: h + 2, rx: 2 }));
}

/** Moves the marks in place, since a new drawing at each movement of the pointer would be slow. @param {App} app */
export function markAll(figure, app) {
  for (const stack of ["encoder", "decoder"]) {
    for (const mark of figure.querySelectorAll(`.mark.${stack}`)) {
      const at = markOf(app, stack, Number(mark.dataset.rows));
      mark.setAttribute("display", at === null ? "none" : "inline");
      if (at !== null) mark.setAttribute("x", Number(mark.dataset.left) + at * Number(mark.getAttribute("width")));
    }
    for (const row of figure.querySelectorAll(`.words.${stack}`)) {
      const at = markOf(app, stack, Infinity);
      for (const word of row.querySelectorAll(".word")) word.classList.toggle("marked", Number(word.dataset.at) === at);
    }
  }
}

/** A matrix as an image inside of SVG.
 * @param {import("any2any/draw/heatmap").Matrix} matrix
 * @param {{ x: number, y: number, w: number, h: number, colour: (t: number) => number[], low?: number, high?: number }} how */
export function picture(matrix, { x, y, w, h, colour, low, high }) {
  const canvas = html("canvas");
  heatmap(canvas, matrix, { low, high, colour, most: 256 });
  return svg("image", {
    href: canvas.toDataURL(), x, y, width: w, height: h, preserveAspectRatio: "none",
    style: { imageRendering: "pixelated" },                       // said here, so that saved figures have it too
  });
}

/** The transpose of a matrix. */
export function turned({ values, rows, columns }) {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) result[j * rows + i] = values[i * columns + j];
  return { values: result, rows: columns, columns: rows };
}

/** Matrices with the same number of rows, side by side. */
export function beside(matrices) {
  if (matrices.length === 1) return matrices[0];
  const { rows } = matrices[0];
  const columns = matrices.reduce((sum, each) => sum + each.columns, 0);
  const values = new Float32Array(rows * columns);
  let left = 0;
  for (const each of matrices) {
    for (let row = 0; row < rows; row += 1) values.set(each.values.subarray(row * each.columns, (row + 1) * each.columns), row * columns + left);
    left += each.columns;
  }
  return { values, rows, columns };
}

/** Centre of each of `count` positions. */
export function places(count, x, width) {
  return (i) => x + ((i + 0.5) * width) / count;
}

/** The position that is hovered or explained in a stack of `count` positions; null: none. @param {App} app */
export function markOf(app, stack, count) {
  const { hover } = app.state;
  if (stack === "encoder") return hover?.side === "source" && hover.position < count ? hover.position : null;
  const position = hover?.side === "target" ? hover.position : app.position();
  return position >= 0 && position < count ? position : null;
}
