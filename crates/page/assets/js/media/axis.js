// An axis of time below a picture.

import { html } from "any2any/draw/elements";

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];

export function timeAxis(seconds) {
  const step = STEPS.find((each) => seconds / each <= 6) ?? seconds / 5;
  const ticks = Array.from({ length: Math.floor(seconds / step + 1e-9) + 1 }, (_, i) => i * step);
  return html("div", { class: "axis", "aria-hidden": "true" }, ticks.map((tick, i) =>
    html("span", { style: { left: `${(100 * tick) / seconds}%` } }, `${Number(tick.toFixed(2))}${i === 0 ? " s" : ""}`)));
}
