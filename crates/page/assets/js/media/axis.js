// An axis of time below a picture.

import { html } from "any2any/draw/elements";

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];

/** @param {number} seconds how long the value is @param {number} [start] the time of its beginning: below zero before an event */
export function timeAxis(seconds, start = 0) {
  const step = STEPS.find((each) => seconds / each <= 6) ?? seconds / 5;
  const first = Math.ceil(start / step - 1e-9);
  const last = Math.floor((start + seconds) / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return html("div", { class: "axis", "aria-hidden": "true" }, ticks.map((tick, i) =>
    html("span", { style: { left: `${(100 * (tick - start)) / seconds}%` } }, `${Number(tick.toFixed(2))}${i === 0 ? " s" : ""}`)));
}
