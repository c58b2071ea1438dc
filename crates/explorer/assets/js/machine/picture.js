// Small drawings that several modules of the figure share.

import { svg, html, heatmap } from "any2any/draw";

/** A matrix as an image inside of SVG. */
export function picture(matrix, { x, y, w, h, colour, low, high }) {
  const canvas = html("canvas");
  heatmap(canvas, matrix, { low, high, colour, most: 256 });
  return svg("image", {
    href: canvas.toDataURL(), x, y, width: w, height: h, preserveAspectRatio: "none",
    style: { imageRendering: "pixelated" },                       // said here, so that saved figures have it too
  });
}

/** Rows as columns. */
export function turned({ values, rows, columns }) {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) result[j * rows + i] = values[i * columns + j];
  return { values: result, rows: columns, columns: rows };
}

/** Matrices of as many rows side by side. */
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

/** The position that is hovered or explained in a stack of `count` positions; null: none. */
export function markOf(app, stack, count) {
  const { hover } = app.state;
  if (stack === "encoder") return hover?.side === "source" && hover.position < count ? hover.position : null;
  const position = hover?.side === "target" ? hover.position : app.position();
  return position >= 0 && position < count ? position : null;
}
