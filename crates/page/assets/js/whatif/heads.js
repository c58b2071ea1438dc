// A small grid of layers × heads, in which each head can be silenced, coloured by the cost of its silence.

import { floats } from "any2any/api";
import { html, replace, button, diverging, divergingRgb, inkOn, tooltip } from "any2any/draw";
import { kinds, layers } from "any2any/attention";
import { signed } from "any2any/numbers";

/** @typedef {import("any2any/state").Head} Head */

/** @param {Head} head */
export const keyOf = ({ stack, kind, layer, head }) => `${stack} ${kind} ${layer} ${head}`;

/** Every head of a look. @param {import("any2any/types").Look} look @returns {Head[]} */
export function headsOf(look) {
  return look.attention.flatMap(({ stack, kind, layer, weights }) =>
    Array.from({ length: floats(weights).shape[0] }, (_, head) => ({ stack, kind, layer, head })));
}

/** Draws the grids.
 * @param {HTMLElement} root
 * @param {object} what
 * @param {import("any2any/types").Look} what.look
 * @param {Head[]} what.ablated
 * @param {Map<string, number>} what.effects   keyOf(head) → change of the output's log-probability when it is silent
 * @param {(ablated: Head[]) => void} what.onchange */
export function drawHeads(root, { look, ablated, effects, onchange }) {
  const off = new Set(ablated.map(keyOf));
  const high = Math.max(0.05, ...[...effects.values()].map(Math.abs));
  const toggle = (heads) => {
    const all = heads.every((head) => off.has(keyOf(head)));
    const keys = new Set(heads.map(keyOf));
    const others = ablated.filter((head) => !keys.has(keyOf(head)));
    onchange(all ? others : [...others, ...heads]);
  };
  const focused = document.activeElement?.getAttribute("data-head");
  replace(root, kinds(look).map(({ stack, kind, label, title }) => grid(layers(look, stack, kind), label, title)));
  if (focused) /** @type {HTMLElement|null} */ (root.querySelector(`[data-head="${focused}"]`))?.focus();

  function grid(entries, label, title) {
    const count = floats(entries[0].weights).shape[0];
    return html("div", { class: "head-grid", role: "group", "aria-label": title },
      html("h4", {}, label),
      html("div", { class: "cells", style: { gridTemplateColumns: `auto repeat(${count}, minmax(0, 30px))` } },
        html("span"), Array.from({ length: count }, (_, head) =>
          html("span", { class: "axis-name", "aria-hidden": "true" }, String(head + 1))),
        entries.map((entry) => row(entry, count, label))));
  }

  function row({ stack, kind, layer }, count, label) {
    const heads = Array.from({ length: count }, (_, head) => ({ stack, kind, layer, head }));
    const title = `Silence all heads of ${label}, layer ${layer + 1}`;
    return [
      button(`layer ${layer + 1}`, () => toggle(heads), { class: "axis-name quiet", title }),
      heads.map((head) => cell(head, label)),
    ];
  }

  function cell(head, label) {
    const key = keyOf(head);
    const effect = effects.get(key);
    const silent = off.has(key);
    const name = `${label}, layer ${head.layer + 1}, head ${head.head + 1}`;
    // As in attribution: orange speaks for the output, which loses without it.
    const rgb = effect === undefined ? null : divergingRgb(-effect / high);
    const element = button(silent ? "×" : "", () => toggle([head]), {
      class: "cell", title: `${name}: ${silent ? "silent, let it speak" : "silence it"}`, "aria-pressed": String(silent),
      "data-head": key, "data-effect": effect ?? null,
      style: rgb ? { backgroundColor: diverging(-effect / high), color: inkOn(rgb) } : {},
    });
    return tooltip(element, () => [name, html("br"), silent ? "silent" : "speaks",
      effect === undefined ? "" : `; alone silent, the output's log-probability changes by ${signed(effect)}`]);
  }
}
