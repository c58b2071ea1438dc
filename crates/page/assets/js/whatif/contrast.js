// The choice of a word that might have been written instead: why this word, and not that one.

import { html, replace } from "any2any/draw";
import { readable } from "any2any/media/text";
import { distribution, percent } from "any2any/numbers";

/** @import { App } from "any2any/types" */

/** The most words to choose from. */
const MOST = 30;

/** A menu of the likeliest other tokens at a position. `draw(position)` fills it anew; a choice holds for its position and for
 * as long as the menu has it.
 * @param {App} app @param {(contrast: number|null) => void} onchange */
export function contrastChoice(app, onchange) {
  let contrast = null;
  let at = -1;
  const menu = html("select", { onchange: () => {
    contrast = menu.value === "" ? null : Number(menu.value);
    onchange(contrast);
  } });
  const element = html("label", { class: "picker" }, html("span", {}, "and not"), menu);

  /** @param {number} position */
  function draw(position) {
    const { tokens, vocabulary, look } = app.state;
    if (!look?.logits || !vocabulary || position < 0 || position >= tokens.length) return;
    const { before, order } = distribution(app.logits(position), { forbidden: vocabulary.forbidden });
    const others = order.filter((token) => token !== tokens[position] && before[token] > 0).slice(0, MOST);
    if (at !== position || !others.includes(contrast)) contrast = null;
    at = position;
    replace(menu, html("option", { value: "", selected: contrast === null }, "(no other word)"),
      others.map((token) => html("option", { value: token, selected: token === contrast },
        `${readable(app.label(token)).text} ${percent(before[token])}`)));
  }
  return { element, draw, contrast: () => contrast };
}
