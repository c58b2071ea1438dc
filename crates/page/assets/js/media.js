// Figures for a value of any medium, whose positions can be lit, hovered and picked.
//
// Two kinds are enough: a text or a row of items is a line of tokens; everything else is a picture (the image itself, a spectrogram,
// traces of channels) with a box for each position. So panels need not know the medium that they show.

import { html } from "any2any/draw/elements";
import { tokenFigure } from "any2any/media/text";
import { boxFigure } from "any2any/media/boxes";
import { imagePicture } from "any2any/media/image";
import { soundPicture } from "any2any/media/sound";
import { tracesPicture } from "any2any/media/traces";

/**
 * @typedef {object} Figure
 * @property {HTMLElement} element
 * @property {(weights: ArrayLike<number>|null, options?: { signed?: boolean }) => void} paint
 *   lights each position by its weight, the strongest fully; signed: blue below zero, orange above
 * @property {(marks: { hover?: number|null, chosen?: number|null, masked?: number[] }) => void} mark
 * @property {(position: number) => DOMRect|null} anchor   where a position is on the screen
 * @property {() => void} repaint   lights the same again, in other colours
 */

/** Draws a value with its positions.
 * @param {object} what
 * @param {import("any2any/types").View|null} what.view              the value; null draws the positions as tokens
 * @param {import("any2any/types").Position[]} what.positions
 * @param {import("any2any/types").Floats|null} [what.frames]          [frames, width], what the model is fed of a sound
 * @param {"source"|"target"} [what.side]      whose colour it takes
 * @param {"small"|"large"} [what.size]
 * @param {(position: number|null) => void} [what.onHover]
 * @param {(position: number) => void} [what.onPick]
 * @param {(position: number) => string|null} [what.tell]    what is told of a position under the pointer; else the weight that lights it
 * @returns {Figure} */
export function figureOf({ view, positions, frames = null, side = "source", size = "large", onHover, onPick, tell }) {
  const options = { positions, side, size, onHover, onPick, tell };
  const picture = view && pictureOf(view, frames, positions, size);
  return picture && positions.some(({ region }) => picture.boxOf(region))
    ? boxFigure({ ...options, picture })
    : tokenFigure({ ...options, view });
}

/** Draws a value without positions, such as a reference or an output.
 * @param {import("any2any/types").View|null} view @param {"small"|"large"} size @returns {HTMLElement} */
export function valueOf(view, size = "large") {
  if (!view) return html("span", { class: "empty" }, "nothing");
  if ("text" in view) return html("p", { class: "value-text" }, view.text);
  if (view.items) return html("div", { class: `tokens ${size} target` }, view.items.map((item) => html("span", { class: "chip target" }, item)));
  return boxFigure({ positions: [], side: "target", size, picture: pictureOf(view, null, [], size) }).element;
}

/** @param {import("any2any/types").View} view @param {import("any2any/types").Floats|null} frames
 * @param {import("any2any/types").Position[]} positions @param {"small"|"large"} size */
function pictureOf(view, frames, positions, size) {
  if (view.image) return imagePicture(view.image, size);
  if (view.signal) return isSound(view.signal) ? soundPicture(view.signal, frames, coveredShare(positions), size) : tracesPicture(view.signal, size);
  return null;
}

/** The number of positions up to the last that covers a part of the value: those behind it are appended, such as the silence
 * up to the length that a model reads.
 * @param {import("any2any/types").Position[]} positions */
export const coveredCount = (positions) => 1 + positions.findLastIndex(({ region }) => !region.nothing);

const coveredShare = (positions) => (positions.length === 0 ? 1 : coveredCount(positions) / positions.length);

/** True for a signal that one can hear: one or two channels, at a rate that carries speech. */
export const isSound = ({ rate, channels }) => channels.length <= 2 && rate >= 4000;
