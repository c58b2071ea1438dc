// Cache of drawn pictures: a figure shows the same spectrogram in a dozen places.

import { html, dark } from "any2any/draw";

const kept = new WeakMap();                                       // value → its drawn canvas, in light or dark

/** A new canvas that shows what `draw(canvas)` draws for `value`; drawn once for each value and theme.
 * @param {object} value @param {(canvas: HTMLCanvasElement) => void} draw @returns {HTMLCanvasElement} */
export function keptPicture(value, draw, name = "") {
  const key = `${dark()} ${name}`;
  const of = kept.get(value) ?? new Map();
  kept.set(value, of);
  if (!of.has(key)) {
    const canvas = html("canvas");
    draw(canvas);
    of.set(key, canvas);
  }
  const drawn = of.get(key);
  const copy = html("canvas", { width: drawn.width, height: drawn.height, class: drawn.className });
  copy.getContext("2d").drawImage(drawn, 0, 0);
  return copy;
}
