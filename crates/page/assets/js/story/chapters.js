// The ten chapters in their order. A chapter is a title, a text of two or three sentences, and a figure with steps; the
// links of the text lead to the steps.

import { chapter as recurrent } from "any2any/story/recurrent";
import { chapter as memory } from "any2any/story/memory";
import { chapter as bottleneck } from "any2any/story/bottleneck";
import { chapter as attention } from "any2any/story/attention";
import { chapter as heads } from "any2any/story/heads";
import { chapter as transformer } from "any2any/story/transformer";
import { chapter as parallel } from "any2any/story/parallel";
import { chapter as autocomplete } from "any2any/story/autocomplete";
import { chapter as media } from "any2any/story/media";
import { chapter as trainability } from "any2any/story/trainability";

/**
 * @typedef {{ app: import("any2any/types").App, animation: import("any2any/story/animation").Animation, isOpen: () => boolean }} Given
 *   isOpen: whether the chapter is still the one that is shown
 *
 * @typedef {object} Figure
 * @property {Element} element
 * @property {(step: number) => void} show     brings the figure into the state of a step
 * @property {string} credit                   which runs are seen
 *
 * @typedef {object} Chapter
 * @property {string} id
 * @property {string} title
 * @property {number} steps
 * @property {(link: (words: string, step: number) => Node) => (string|Node)[]} text
 * @property {(given: Given) => Promise<Figure>} open     fails with `Missing` where the runs at hand cannot fill it
 */

/** @type {Chapter[]} */
export const CHAPTERS = [recurrent, memory, bottleneck, attention, heads, transformer, parallel, autocomplete, media, trainability];
