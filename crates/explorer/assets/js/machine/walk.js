// The card of the walk: one stop at a time, with the way on and back.

import { html, button } from "any2any/draw";

/** @param {{ stop: import("any2any/machine/stops").Stop, at: number, of: number, given: object, go: (at: number) => void,
 *   leave: () => void, open: (key: string) => void }} what
 * @returns {Node[]} */
export function card({ stop, at, of, given, go, leave, open }) {
  return [
    html("p", { class: "stop-count number" }, `${at + 1} of ${of}`),
    html("h3", { tabindex: -1 }, stop.title),
    html("div", { class: "stop-body" }, stop.body(given).flat().filter(Boolean)),
    html("div", { class: "row stop-buttons" },
      button("← Back", () => go(at - 1), { title: "Back (left arrow)", disabled: at === 0 }),
      at + 1 < of
        ? button("Next →", () => go(at + 1), { title: "Next (right arrow)", class: "primary" })
        : button("Done", leave, { title: "End the walk (Escape)", class: "primary" }),
      stop.opens ? button("Look inside", () => open(stop.opens.key), { title: "Open this part" }) : null,
      at + 1 < of ? button("End the walk", leave, { title: "End the walk (Escape)", class: "quiet" }) : null),
  ];
}
