// Editable attention: a person says how a query of the shown head shares out its weights, or keeps the head from a key.

import { html, replace, button } from "any2any/draw";
import { matrixOf, nameOf, rowOf } from "any2any/attention";
import { namesOf } from "any2any/panels/attention";

/** @import { App, AttentionEdit } from "any2any/types" */

/** The most keys with a slider: those that are looked at most. */
const MOST = 16;

/** Fills `root`; returns a function that redraws it for changed keys of the state.
 * @param {HTMLElement} root @param {App} app */
export function redirecting(root, app) {
  let query = null;                                               // the chosen row; null: that of the explained word
  const title = html("h3", {}, "Turn a head");
  const choice = html("select", { "aria-label": "Query whose weights are changed", onchange: () => { query = Number(choice.value); draw(); } });
  const rows = html("div", { class: "redirect" });
  const note = html("p", { class: "note" });
  replace(root,
    html("div", { class: "title-row" }, title,
      button("Undo all", () => app.set({ edited: [] }), { class: "quiet small", title: "Undo all changes of attention" })),
    html("label", { class: "picker" }, html("span", {}, "What is written or read at"), choice), rows, note);

  /** A single head: the shown one, or the first of the shown layer. */
  const headOf = () => {
    const { head } = app.state;
    return head && { stack: head.stack, kind: head.kind, layer: head.layer, head: typeof head.head === "number" ? head.head : 0 };
  };

  function draw() {
    const { look } = app.state;
    const head = headOf();
    const matrix = head && look ? matrixOf(look, head) : null;
    root.hidden = !matrix || !look.logits;
    if (root.hidden) return;
    const names = namesOf(look, head);
    // A look at long inputs has fewer rows than positions.
    if (matrix.rows < names.rows.length - 1 || matrix.columns < names.columns.length - 1) {
      replace(rows);
      note.textContent = "This input is too long for its weights to be set one by one.";
      return;
    }
    const at = Math.min(query ?? (head.stack === "decoder" ? Math.max(0, app.position()) : 0), matrix.rows - 1);
    replace(choice, names.rows.slice(0, matrix.rows).map((name, i) => html("option", { value: i, selected: i === at }, `${i + 1}: ${name}`)));
    const weights = Array.from(rowOf(matrix, at));
    const seen = head.stack === "decoder" && head.kind === "self" ? at + 1 : weights.length;
    const listed = weights.slice(0, seen).map((weight, key) => ({ weight, key }))
      .sort((a, b) => b.weight - a.weight).slice(0, MOST).sort((a, b) => a.key - b.key);
    const focused = document.activeElement?.getAttribute("data-key-control");
    replace(rows, listed.map(({ weight, key }) => row(head, at, weights.slice(0, seen), key, weight, names.columns[key] ?? String(key + 1))));
    if (focused) /** @type {HTMLElement|null} */ (rows.querySelector(`[data-key-control="${focused}"]`))?.focus();
    note.textContent = `${nameOf(head)}; choose another head above. Move a weight, and the other weights of the row make room; `
      + "× keeps this head from a part of the sequence, whoever asks.";
  }

  function row(head, at, weights, key, weight, name) {
    const output = html("output", {}, weight.toFixed(3));
    const input = html("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": `Weight of ${name}`, "data-key-control": `weight ${key}`,
      oninput: () => { output.textContent = Number(input.value).toFixed(3); },
      onchange: () => setRow(head, at, moved(weights, key, Number(input.value))) });
    input.value = String(weight);
    const silent = app.state.edited.some((edit) => isOf(edit, head) && edit.change.silence === key);
    return html("label", { class: "slider", "data-key": key, "data-weight": weight }, html("span", {}, name), input, output,
      button("×", () => toggleSilence(head, key), { class: "quiet small", title: silent ? `Let the head see ${name}` : `Keep the head from ${name}`,
        "aria-pressed": String(silent), "data-key-control": `silence ${key}` }));
  }

  /** @param {number[]} weights */
  function setRow(head, at, weights) {
    const others = app.state.edited.filter((edit) => !(isOf(edit, head) && edit.change.row?.query === at));
    app.set({ edited: [...others, { ...head, change: { row: { query: at, weights } } }] });
  }

  function toggleSilence(head, key) {
    const { edited } = app.state;
    const others = edited.filter((edit) => !(isOf(edit, head) && edit.change.silence === key));
    app.set({ edited: others.length < edited.length ? others : [...edited, { ...head, change: { silence: key } }] });
  }

  return (keys) => {
    if (keys.has("head") || keys.has("chosen")) query = null;
    if (["look", "head", "chosen", "edited"].some((key) => keys.has(key))) draw();
  };
}

/** @param {AttentionEdit} edit */
const isOf = (edit, head) => ["stack", "kind", "layer", "head"].every((name) => edit[name] === head[name]);

/** A row in which one weight is `weight`, and the others share the rest as before.
 * @param {number[]} weights @param {number} key @param {number} weight @returns {number[]} */
export function moved(weights, key, weight) {
  const rest = weights.reduce((sum, each, i) => (i === key ? sum : sum + each), 0);
  const share = (/** @type {number} */ each) => (rest > 0 ? (each * (1 - weight)) / rest : (1 - weight) / Math.max(1, weights.length - 1));
  return weights.map((each, i) => (i === key ? weight : share(each)));
}
