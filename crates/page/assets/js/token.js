// Text of tokens, written for people.

/** @import { Look } from "any2any/types" */

/** A token as it reads: its beginning of a word as a dot. SentencePiece marks it with "▁", which is drawn as a thick bar;
 * GPT-2's tokenizers spell each byte as a letter of its own, where a space is "Ġ". Written text stays as it is.
 * @param {string} label */
export const tokenText = (label) => (bytewise ? spelled(label) : label).replaceAll("▁", "·").replace(/^ /, "·");

/** Whether a vocabulary is known whose tokens are spelled byte by byte. */
let bytewise = false;

/** Letters that stand for the bytes 0, 6, 127 and 173, which no other vocabulary has together. */
const OF_BYTES = ["Ā", "Ć", "ġ", "Ń"];

/** Takes note of the way in which a vocabulary spells its tokens. @param {string[]} tokens */
export function learnSpelling(tokens) {
  const known = new Set(tokens);
  bytewise ||= OF_BYTES.every((letter) => known.has(letter));
}

/** The byte of each letter of GPT-2's alphabet: those that can be printed are themselves, the others come behind. */
const BYTES = new Map();
for (let byte = 0, other = 256; byte < 256; byte += 1) {
  const printed = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  BYTES.set(String.fromCharCode(printed ? byte : other), byte);
  if (!printed) other += 1;
}

/** The text of a token that is spelled byte by byte; the label itself where it is none, or only a part of a character. */
function spelled(label) {
  const bytes = Array.from(label, (letter) => BYTES.get(letter) ?? -1);
  if (bytes.includes(-1)) return label;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return label;
  }
}

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
