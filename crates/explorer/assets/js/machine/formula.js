// Formulas in plain typography: `x_{i}` and `Q K^{T}` become subscripts and superscripts.

import { html } from "any2any/draw";

/** @param {string} text @returns {HTMLElement} */
export function formula(text) {
  const pieces = text.split(/([_^]\{[^}]*\})/).map((piece) => {
    const [, kind, inside] = /^([_^])\{([^}]*)\}$/.exec(piece) ?? [];
    return kind ? html(kind === "_" ? "sub" : "sup", {}, inside) : piece;
  });
  return html("p", { class: "formula" }, pieces);
}
