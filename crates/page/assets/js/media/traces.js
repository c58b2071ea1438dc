// A recording of several channels, as one trace over time for each.

import { floats } from "any2any/api";
import { keptPicture } from "any2any/media/kept";
import { html, styleColour, largest } from "any2any/draw";
import { timeAxis } from "any2any/media/axis";

/** @param {import("any2any/types").SignalView} signal @param {"small"|"large"} size @returns {import("any2any/media/boxes").Picture} */
export function tracesPicture(signal, size) {
  const { shape: [count, length], values } = floats(signal.samples);
  const seconds = length / signal.rate;
  const tall = Math.min(size === "small" ? 120 : 320, Math.max(60, count * (size === "small" ? 14 : 30)));
  const canvas = keptPicture(signal, (drawn) => {
    drawn.width = 1600;
    drawn.height = 2 * tall;
    for (let channel = 0; channel < count; channel += 1) {
      drawTrace(drawn, values.subarray(channel * length, (channel + 1) * length), channel, count);
    }
  }, size);
  canvas.style.height = `${tall}px`;
  return {
    canvas,
    boxOf: ({ window, span }) => window
      ? [window.start / seconds, window.channels.start / count,
        (Math.min(seconds, window.end) - window.start) / seconds, (window.channels.end - window.channels.start) / count]
      : span ? [span.start / seconds, 0, (span.end - span.start) / seconds, 1] : null,
    shape: "wide",
    axis: timeAxis(seconds, signal.start),
    before: html("div", { class: "channel-names", style: { height: `${tall}px` } },
      signal.channels.map((name) => html("span", {}, name))),
  };
}

/** A line through the samples; where there are more than pixels, each pixel column shows from the least to the greatest
 * value within it, so that no peak is lost. @param {HTMLCanvasElement} canvas */
function drawTrace(canvas, samples, channel, count) {
  const context = canvas.getContext("2d");
  const row = canvas.height / count;
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const reach = largest(samples.map((value) => Math.abs(value - mean))) || 1;
  const yOf = (value) => row * (channel + 0.5) - ((value - mean) / reach) * row * 0.48;
  context.strokeStyle = styleColour("--ink");
  context.lineWidth = 1.6;
  context.beginPath();
  if (samples.length <= canvas.width) {
    samples.forEach((value, i) => context.lineTo(((i + 0.5) * canvas.width) / samples.length, yOf(value)));
    return context.stroke();
  }
  for (let x = 0; x < canvas.width; x += 1) {
    const from = Math.floor((x * samples.length) / canvas.width);
    const to = Math.max(from + 1, Math.floor(((x + 1) * samples.length) / canvas.width));
    let low = samples[from];
    let high = samples[from];
    for (let i = from; i < to; i += 1) { low = Math.min(low, samples[i]); high = Math.max(high, samples[i]); }
    context.lineTo(x, yOf(low));
    if (high !== low) context.lineTo(x, yOf(high));
  }
  context.stroke();
}
