// A text, a row of items, or any other sequence of tokens, as a line of chips.

import { tokenText } from "any2any/token";
import { html, highlightOn, diverging, divergingRgb, inkOn, largest, tooltip } from "any2any/draw";
import { weightText } from "any2any/numbers";

/** @returns {import("any2any/media").Figure} */
export function tokenFigure({ positions, view, side, size, onHover, onPick, tell }) {
  const covered = coveredIn(view);
  const chips = positions.map((position, i) => chip(position, i, covered, side));
  const element = html("div", { class: `tokens ${size} ${side}` }, chips);
  listen(element, onHover, onPick);
  let lit = null;
  // The number behind a colour.
  tooltip(element, (event) => {
    const chip = event.target.closest?.(".chip");
    const told = (chip?.dataset.position && tell?.(Number(chip.dataset.position)))
      ?? (lit && chip?.dataset.weight !== undefined ? weightText(Number(chip.dataset.weight)) : null);
    return told === null || told === undefined ? null : `${chip.textContent}: ${told}`;
  });

  function paint(weights, { signed = false } = {}) {
    lit = weights;
    const high = weights ? largest(Array.from(weights, Math.abs)) || 1 : 1;
    chips.forEach((each, i) => light(each, weights?.[i], high, signed, side));
  }

  /** @param {{ hover?: number|null, chosen?: number|null, masked?: number[] }} marks */
  function mark({ hover, chosen, masked }) {
    chips.forEach((each, i) => {
      if (hover !== undefined) each.classList.toggle("hovered", i === hover);
      if (chosen !== undefined) each.classList.toggle("chosen", i === chosen);
      if (masked !== undefined) each.classList.toggle("masked", masked.includes(i));
    });
  }

  const anchor = (position) => chips[position]?.getBoundingClientRect() ?? null;
  return { element, paint, mark, anchor, repaint: () => paint(lit) };
}

function chip({ label, region }, i, covered, side) {
  const shown = readable(label, region, covered);
  const piece = shown.unknown ? covered?.(region) : null;
  return html("button", {
    type: "button", class: `chip ${side}${shown.unknown ? " unknown" : shown.special ? " special" : ""}`, "data-position": i,
    title: shown.unknown ? `Unknown: the vocabulary has no piece for ${piece ? `“${piece}”` : "this"}; the model sees ${shown.text}` : null,
  }, piece ? `${piece}?` : shown.text);
}

/** The reader of what a region covers of a text or of a row of items; null for any other value.
 * @param {import("any2any/types").View|null|undefined} view
 * @returns {((region: import("any2any/types").Region) => string|null)|null} */
export function coveredIn(view) {
  if (view?.items) return ({ items }) => (items ? view.items.slice(items.start, items.end).join(" ") : null);
  if (view?.text === undefined) return null;
  const encoded = new TextEncoder().encode(view.text);
  return ({ bytes }) => (bytes ? new TextDecoder().decode(encoded.slice(bytes.start, bytes.end)) : null);
}

/** Signs by which vocabularies write a piece that they lack. */
const UNKNOWN = /^(<unk>|\[UNK\]|<unknown>)$/;

/** The text of a token: its label, else what it covers, else a mark for an added token. `unknown`: the vocabulary lacks the piece. */
export function readable(label, region, covered = null) {
  const text = label == null ? (region && covered?.(region)) ?? "∎" : tokenText(label);
  const special = text === "∎" || /^<.+>$/.test(text);
  return { text: text === "" ? "∅" : special ? text : text.replaceAll(" ", "\u2423").replaceAll("\n", "⏎"), special, unknown: UNKNOWN.test(text) };
}

/** The least opacity of a token, since one without any weight is still a token. */
const PALEST = 0.07;

function light(chip, weight, high, signed, side) {
  if (weight === undefined || weight === null) {
    chip.style.backgroundColor = "";
    chip.style.color = "";
    delete chip.dataset.weight;
    return;
  }
  const t = weight / high;
  chip.style.backgroundColor = signed ? diverging(t) : highlightOn(side, Math.max(t, PALEST));
  chip.style.color = signed ? inkOn(divergingRgb(t)) : "";
  chip.dataset.weight = weight;
}

function listen(element, onHover, onPick) {
  const positionOf = (event) => {
    const at = event.target.closest?.(".chip")?.dataset.position;
    return at === undefined ? null : Number(at);
  };
  if (onHover) {
    element.addEventListener("pointerover", (event) => onHover(positionOf(event)));
    element.addEventListener("focusin", (event) => onHover(positionOf(event)));
    element.addEventListener("pointerleave", () => onHover(null));
    element.addEventListener("focusout", () => onHover(null));
  }
  if (onPick) {
    element.addEventListener("click", (event) => {
      const position = positionOf(event);
      if (position !== null) onPick(position);
    });
  }
}
