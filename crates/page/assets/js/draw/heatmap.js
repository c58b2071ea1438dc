// Heat map of a matrix. If the matrix is larger than the screen, each pixel shows the largest value of its block, so
// that one sharp weight among 3,000 × 3,000 still shows.

import { sequentialRgb } from "any2any/draw/colours";

/**
 * @typedef {object} Matrix
 * @property {Float32Array} values   row-major
 * @property {number} rows
 * @property {number} columns
 * @property {number} [offset]                where the matrix begins in `values`
 */

/** Draws the matrix over the whole canvas; `colour` maps 0…1 of `low…high` to [r, g, b].
 * @param {HTMLCanvasElement} canvas
 * @param {Matrix} matrix
 * @param {{ low?: number, high?: number, colour?: (t: number) => number[], upward?: boolean, most?: number }} [options]
 *   upward: row 0 is drawn at the bottom, as in a spectrogram; most: pixels a side at most */
export function heatmap(canvas, matrix, { low = 0, high, colour = sequentialRgb, upward = false, most = 1024 } = {}) {
  const pooled = pool(matrix, most, most);
  high ??= largest(pooled.values) || 1;
  const image = new ImageData(Math.max(1, pooled.columns), Math.max(1, pooled.rows));
  for (let row = 0; row < pooled.rows; row += 1) {
    let at = 4 * pooled.columns * (upward ? pooled.rows - 1 - row : row);
    for (let column = 0; column < pooled.columns; column += 1) {
      const rgb = colour((pooled.values[row * pooled.columns + column] - low) / (high - low || 1));
      image.data[at++] = rgb[0];
      image.data[at++] = rgb[1];
      image.data[at++] = rgb[2];
      image.data[at++] = 255;
    }
  }
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  canvas.classList.add("pixelated");
  return pooled;
}

/** The matrix with at most so many rows and columns, each entry the largest of its block.
 * @param {Matrix} matrix */
export function pool({ values, rows, columns, offset = 0 }, mostRows, mostColumns) {
  const down = Math.ceil(rows / mostRows);
  const across = Math.ceil(columns / mostColumns);
  if (down <= 1 && across <= 1) {
    const whole = offset === 0 && values.length === rows * columns;
    return { values: whole ? values : values.slice(offset, offset + rows * columns), rows, columns, down: 1, across: 1 };
  }
  const height = Math.ceil(rows / down);
  const width = Math.ceil(columns / across);
  const result = new Float32Array(height * width).fill(-Infinity);
  for (let row = 0; row < rows; row += 1) {
    const line = Math.floor(row / down) * width;
    for (let column = 0; column < columns; column += 1) {
      const value = values[offset + row * columns + column];
      const to = line + Math.floor(column / across);
      if (value > result[to]) result[to] = value;
    }
  }
  return { values: result, rows: height, columns: width, down, across };
}

export function largest(values) {
  let high = -Infinity;
  for (let i = 0; i < values.length; i += 1) if (values[i] > high) high = values[i];
  return high;
}

export function smallest(values) {
  let low = Infinity;
  for (let i = 0; i < values.length; i += 1) if (values[i] < low) low = values[i];
  return low;
}

/** The cell of a rows × columns matrix under the pointer, or null. @param {HTMLCanvasElement} canvas */
export function cellAt(event, canvas, rows, columns) {
  const box = canvas.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
  const inside = row >= 0 && row < rows && column >= 0 && column < columns;
  return inside ? { row, column } : null;
}
