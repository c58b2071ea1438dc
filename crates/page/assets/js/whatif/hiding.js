// The source, on which a click masks a position, or a stretch of them.

import { html, replace, button, slider } from "any2any/draw";
import { figureOf } from "any2any/media";
import { around } from "any2any/whatif/region";

/** @import { App } from "any2any/types" */

/** With more positions than this the effect of one is small, and a click can mask several. */
const MANY = 20;

/** Fills `root`; returns a function that redraws it for changed keys of the state.
 * @param {HTMLElement} root @param {App} app */
export function hiding(root, app) {
  let width = 1;                                                  // how many positions a click hides
  let drawn = null;                                               // which source the figure shows
  let figure = null;

  function build(source) {
    root.hidden = !source;
    if (!source) return;
    const isText = "text" in source.view;
    figure = figureOf({ ...source, side: "source", size: isText ? "small" : "large", onPick: pick, onHover: hover });
    replace(root,
      html("div", { class: "title-row" }, html("h3", {}, "Hide a part of the source"),
        button("Show all", () => app.set({ masked: [] }), { class: "quiet small", title: "Hide nothing" })),
      figure.element,
      source.positions.length > MANY ? brush(source.positions.length) : null,
      html("p", { class: "note" }, "Click what the model may not see; click again to give it back."));
  }

  const brush = (many) => slider({
    label: "A click hides", min: 1, max: Math.ceil(many / 3), step: 1, value: width,
    format: (value) => `${value} of ${many}`, onchange: (value) => { width = value; },
  });

  const hover = (position) => app.set({ hover: position === null ? null : { side: "source", position } });

  function pick(position) {
    const { masked, look } = app.state;
    const near = around(look.source.positions, position, width);
    const given = masked.filter((each) => !near.includes(each));
    app.set({ masked: (masked.includes(position) ? given : [...given, ...near]).sort((a, b) => a - b) });
  }

  return (keys) => {
    const { run, task, input, look: { source }, hover: place, masked } = app.state;
    const many = source?.positions.length ?? 0;
    const question = JSON.stringify([run, task, input, many]);
    if (drawn?.question !== question || keys.has("theme")) {
      if (drawn?.many !== many) width = Math.max(1, Math.round(many / 25));
      drawn = { question, many };
      build(source);
    }
    figure?.mark({ masked, hover: place?.side === "source" ? place.position : null });
  };
}
