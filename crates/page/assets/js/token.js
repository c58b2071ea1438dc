// Text of tokens, written for people.

/** @import { Look } from "any2any/types" */
/** Tokenizers mark the beginning of a word with "▁", which is drawn as a thick bar; a dot says the same and reads better.
 * @param {string} label */
export const tokenText = (label) => label.replaceAll("▁", "·");

/** Tokens as running text. @param {string[]} labels as `tokenText` gives them */
export function runningText(labels) {
  const pieces = labels.some((label) => label.startsWith("·"));
  return pieces ? labels.join("").replaceAll("·", " ").trim() : labels.join(" ");
}

/** A look whose labels are written for people. @param {Look} look */
export function withTokenTexts(look) {
  const written = (side) => side && { ...side, positions: side.positions.map((each) =>
    (each.label == null ? each : { ...each, label: tokenText(each.label) })) };
  return { ...look, source: written(look.source), target: written(look.target) };
}
