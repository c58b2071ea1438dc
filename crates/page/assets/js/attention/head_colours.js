// Heads in colours: several heads of a layer at once, each in its own colour, as the head view of BertViz has them (Vig
// 2019). The translation above draws the same heads as lines.

import { floats } from "any2any/api";
import { html, replace, framed, button, headColour, scrollable } from "any2any/draw";
import { layers, matrixOf, nameOf, rowOf } from "any2any/attention";
import { rowOfOutput } from "any2any/highlight";
import { namesOf } from "any2any/panels/attention";

/** @import { App } from "any2any/types" */

/** The most keys with a column; the most looked at are kept. */
const MOST = 48;

/** The figure for the layer of the shown head. @param {App} app @returns {{ element: HTMLElement, light: () => void }} */
export function headColours(app) {
  const { look, head } = app.state;
  const { weights } = layers(look, head.stack, head.kind).find(({ layer }) => layer === head.layer);
  const heads = floats(weights).shape[0];
  const names = namesOf(look, head);
  const chips = html("div", { class: "row small-gap", role: "group", "aria-label": "Heads that are drawn together" });
  const table = scrollable(html("div", { class: "figure" }));
  let numbers = null;
  const all = () => Array.from({ length: heads }, (_, i) => i);
  const toggle = (/** @type {number} */ i) => {
    const { overlay } = app.state;
    app.set({ overlay: overlay.includes(i) ? overlay.filter((each) => each !== i) : [...overlay, i].sort((a, b) => a - b) });
  };

  function light() {
    const { overlay } = app.state;
    replace(chips, all().map((i) => button([html("span", { class: "swatch", style: { backgroundColor: headColour(i, heads) } }), ` head ${i + 1}`],
      () => toggle(i), { class: "small", "aria-pressed": String(overlay.includes(i)), "data-head-colour": i })),
      button("All", () => app.set({ overlay: all() }), { class: "quiet small", title: "All heads of this layer" }),
      button("None", () => app.set({ overlay: [] }), { class: "quiet small", title: "None: the shown head alone" }));
    replace(table, overlay.some((i) => i < heads) ? stripes(overlay.filter((i) => i < heads)) : null);
  }

  /** Weights of the row that is pointed at, else of the explained word. */
  function rowFor(i) {
    const matrix = matrixOf(look, { ...head, head: i });
    const { hover } = app.state;
    if (head.stack === "encoder") {
      const at = hover?.side === "source" ? hover.position : 0;
      return { row: at, weights: rowOf(matrix, at, look.source.positions.length) };
    }
    const at = hover?.side === "target" ? hover.position : Math.max(0, app.position());
    return { row: at, weights: rowOfOutput(look, matrix, at) };
  }

  /** @param {number[]} shown */
  function stripes(shown) {
    const rows = shown.map((i) => ({ head: i, ...rowFor(i) }));
    const { row } = rows[0];
    const count = rows[0].weights.length;
    const sum = (key) => rows.reduce((total, { weights: each }) => total + each[key], 0);
    const keys = Array.from({ length: count }, (_, key) => key).sort((a, b) => sum(b) - sum(a)).slice(0, MOST).sort((a, b) => a - b);
    numbers = { row, heads: rows.map(({ head: i, weights: each }) => ({ head: i, weights: each })) };
    const name = (list, at) => (list.length >= at ? list[at] : null) ?? String(at + 1);
    return html("table", { class: "stripes" },
      html("caption", { class: "small soft" }, "Row of ", html("strong", {}, name(names.rows, row))),
      html("thead", {}, html("tr", {}, html("td"), keys.map((key) => html("th", { scope: "col" }, html("span", {}, count === names.columns.length ? name(names.columns, key) : String(key + 1)))))),
      html("tbody", {}, rows.map(({ head: i, weights: each }) => html("tr", {},
        html("th", { scope: "row" }, `head ${i + 1}`),
        keys.map((key) => html("td", { title: `head ${i + 1} → ${name(names.columns, key)}: ${each[key].toFixed(3)}`, "data-head": i, "data-key": key, "data-weight": each[key] },
          html("span", { style: { backgroundColor: headColour(i, heads), opacity: Math.sqrt(Math.max(0, each[key])).toFixed(3) } })))))));
  }

  const element = framed({ title: "Heads in colours", name: "heads-in-colours", controls: chips, data: () => numbers,
    note: `${nameOf({ ...head, head: "mean" }).split(" · ").slice(0, 2).join(" · ")}. Choose heads to see them together, each in its colour, here and as lines of the translation above; the stronger the colour, the more the head looks there (after BertViz, Vig 2019).` }, table);
  light();
  return { element, light };
}
