// Thumbnails of values, for lists of samples.

import { floats } from "any2any/api";
import { html, heatmap, loudnessRgb, smallest, largest } from "any2any/draw";
import { imageCanvas } from "any2any/media/image";
import { spectrogram } from "any2any/media/spectrum";
import { tracesPicture } from "any2any/media/traces";
import { isSound } from "any2any/media";

/** @import { View } from "any2any/types" */

/** @returns {Node} @param {View} view */
export function thumbnail(view) {
  if (!view) return html("span", { class: "soft" }, "–");
  if ("text" in view) return html("span", { class: "thumbnail-text" }, view.text);
  if (view.items) return html("span", { class: "thumbnail-text" }, view.items.join(" "));
  if (view.image) return framed(imageCanvas(view.image), "image");
  if (isSound(view.signal)) return framed(soundCanvas(view.signal), "sound");
  return framed(tracesPicture(view.signal, "small").canvas, "traces");
}

/** @param {HTMLCanvasElement} canvas */
function framed(canvas, kind) {
  canvas.classList.add("thumbnail", kind);
  canvas.style.height = "";
  return canvas;
}

function soundCanvas(signal) {
  const { shape: [, length], values } = floats(signal.samples);
  const { shape: [count, bands], values: loud } = spectrogram(values.subarray(0, length), signal.rate);
  const upright = Float32Array.from(loud, (_, i) => loud[(i % count) * bands + Math.floor(i / count)]);
  const canvas = html("canvas");
  const options = { low: Math.max(smallest(loud), largest(loud) - 60), high: largest(loud), colour: loudnessRgb, upward: true };
  heatmap(canvas, { values: upright, rows: bands, columns: count }, options);
  return canvas;
}
