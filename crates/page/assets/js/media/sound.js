// A sound as a spectrogram over time, dark where it is loud, with a button to hear it.

import { floats } from "any2any/api";
import { keptPicture } from "any2any/media/kept";
import { html, button, heatmap, loudnessRgb, smallest, largest } from "any2any/draw";
import { spectrogram } from "any2any/media/spectrum";
import { timeAxis } from "any2any/media/axis";

/** @param {import("any2any/types").SignalView} signal @param {import("any2any/types").Floats|null} frames
 * @param {number} covered the share of the frames that lie in the sound, and not in silence that is appended
 * @param {"small"|"large"} size
 * @returns {import("any2any/media/boxes").Picture} */
export function soundPicture(signal, frames, covered, size) {
  const { shape: [, length], values } = floats(signal.samples);
  const samples = values.subarray(0, length);
  const seconds = length / signal.rate;
  const canvas = keptPicture(frames ?? signal, (drawn) => drawLoudness(drawn, frames ? first(floats(frames), covered) : spectrogram(samples, signal.rate)));
  canvas.style.height = size === "small" ? "84px" : "150px";
  return {
    canvas,
    boxOf: ({ span }) => span ? [span.start / seconds, 0, (Math.min(seconds, span.end) - span.start) / seconds, 1] : null,
    shape: "wide",
    axis: timeAxis(seconds, signal.start),
    extra: playButton(samples, signal.rate, canvas),
  };
}

/** The first frames, by their share.
 * @param {{ shape: number[], values: Float32Array }} frames @param {number} share */
function first({ shape: [count, width], values }, share) {
  const kept = Math.max(1, Math.min(count, Math.round(count * share)));
  return { shape: [kept, width], values: values.subarray(0, kept * width) };
}

/** Draws loudness with time along the x axis and low tones at the bottom.
 * @param {HTMLCanvasElement} canvas @param {{ shape: number[], values: Float32Array }} frames */
function drawLoudness(canvas, { shape: [count, width], values }) {
  const upright = new Float32Array(values.length);
  for (let frame = 0; frame < count; frame += 1) {
    for (let band = 0; band < width; band += 1) upright[band * count + frame] = values[frame * width + band];
  }
  const low = smallest(values);
  const options = { low, high: largest(values), colour: loudnessRgb, upward: true, most: 2048 };
  heatmap(canvas, { values: upright, rows: width, columns: count }, options);
}

let playing = null;

/** A button that plays the samples and shows the place in the picture. */
export function playButton(samples, rate, canvas) {
  const control = button("▶", () => {
    if (playing) return stop();
    const context = new AudioContext();
    const buffer = context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(Float32Array.from(samples), 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.onended = stop;
    source.start();
    playing = { context, control, needle: needleOver(canvas, context, samples.length / rate) };
    control.textContent = "■";
  }, { title: "Play this sound", class: "play" });
  return control;
}

function stop() {
  if (!playing) return;
  playing.control.textContent = "▶";
  playing.needle?.remove();
  playing.context.close();
  playing = null;
}

/** @param {HTMLCanvasElement} canvas */
function needleOver(canvas, context, seconds) {
  const needle = html("div", { class: "needle" });
  canvas?.parentElement?.append(needle);
  const move = () => {
    if (!needle.isConnected) return;
    needle.style.left = `${Math.min(100, (100 * context.currentTime) / seconds)}%`;
    requestAnimationFrame(move);
  };
  requestAnimationFrame(move);
  return needle;
}
