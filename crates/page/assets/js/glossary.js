// Words that the page explains where they stand: point at one, or reach it with the tab key.

import { html } from "any2any/draw";
import { hideTooltip, showTooltip } from "any2any/draw/tooltip";

/** Terms, as they are written in notes, and what they mean. The longer of two that begin alike stands first. */
export const TERMS = {
  entropy: "How spread a distribution is, in bits: 0 when all of it lies on one place, 1 when two places are alike, 3 when eight are.",
  rollout: "Attention followed through all layers: what a position took from each input, if every layer passes on half of what it attends to (Abnar and Zuidema 2020).",
  logits: "The scores of all tokens before the softmax makes probabilities of them: any number, the larger the likelier.",
  logit: "The score of a token before the softmax makes a probability of it: any number, the larger the likelier.",
  softmax: "Makes positive numbers that add up to 1 of any numbers: each is e to the power of its number, divided by the sum of all.",
  pieces: "Parts of words. A vocabulary has room for some thousand; rare words are written with several of them.",
  piece: "A part of a word. A vocabulary has room for some thousand; rare words are written with several pieces.",
  tokens: "What a model reads and writes one after the other: words or pieces of words, codes of a picture or a sound.",
  token: "What a model reads and writes one after the other: a word or a piece of one, a code of a picture or a sound.",
  gradient: "How much the output would change if this input changed a little.",
  heads: "Attention is done several times side by side; each of these heads has weights of its own, and can look for something else.",
  head: "Attention is done several times side by side; each of these heads has weights of its own, and can look for something else.",
  teacher: "Teacher forcing: the model is given the right words so far, whatever it would have written itself.",
};

const PATTERN = new RegExp(`\\b(${Object.keys(TERMS).join("|")})\\b`, "gi");

/** Where terms are explained: the texts about figures, not the figures. */
const TEXTS = ".hint, .note";

/** Explains the terms in the texts of `root`, also in those that are still to come. @param {HTMLElement} root */
export function explainTerms(root) {
  const explain = (/** @type {Element} */ element) => {
    for (const text of [element, ...element.querySelectorAll(TEXTS)]) if (text.matches(TEXTS)) explainIn(text);
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node instanceof HTMLElement && !node.matches(".term")) explain(node);
        else if (node instanceof Text && target instanceof HTMLElement && target.matches(TEXTS)) explainIn(target);
      }
    }
  }).observe(root, { childList: true, subtree: true });
  explain(root);
}

/** Explains the first occurrence of each term in a text. @param {Element} element */
function explainIn(element) {
  const known = new Set([...element.querySelectorAll(".term")].map((each) => each.textContent.toLowerCase()));
  for (const node of [...element.childNodes]) {
    let rest = node;
    while (rest instanceof Text) {
      // A text is cut only where a term is new: a cut is a change, which is looked at again.
      const found = [...rest.data.matchAll(PATTERN)].find(([word]) => !known.has(word.toLowerCase()));
      if (!found) break;
      known.add(found[0].toLowerCase());
      const word = rest.splitText(found.index);
      rest = word.splitText(found[0].length);
      word.replaceWith(term(found[0]));
    }
  }
}

/** @param {string} words */
function term(words) {
  const meaning = TERMS[words.toLowerCase()];
  const element = html("dfn", { class: "term", tabindex: 0, "aria-description": meaning }, words);
  element.addEventListener("pointermove", (event) => showTooltip(event, meaning));
  element.addEventListener("pointerleave", hideTooltip);
  element.addEventListener("blur", hideTooltip);
  element.addEventListener("focus", () => {
    const { left, bottom } = element.getBoundingClientRect();
    showTooltip({ clientX: left, clientY: bottom }, meaning);
  });
  return element;
}
