// A figure with its title, its buttons for saving, and a note below.

import { html, scrollable } from "any2any/draw/elements";
import { downloads } from "any2any/draw/download";

/** @param {{ title: string, name: string, note?: string, data: () => any, controls?: Node }} about
 * @param {...Node} content what is saved as PNG or SVG
 * @returns {HTMLElement} */
export function framed({ title, name, note, data, controls }, ...content) {
  const figure = scrollable(html("div", { class: "figure" }, content));
  return html("section", { class: "card stack" },
    html("div", { class: "title-row" }, html("h3", {}, title), controls ?? null, downloads({ name, figure: () => figure, data })),
    figure,
    note ? html("p", { class: "note" }, note) : null);
}
