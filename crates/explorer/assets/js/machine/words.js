// What goes in at the bottom of a stack and comes out at the top of the decoder, each word in the column of its
// position: what comes out above a word is what follows it, which is the whole of "shifted right".

import { svg, sequentialRgb } from "any2any/draw";
import { matrix, row } from "any2any/machine/flow";
import { picture, places, turned } from "any2any/machine/picture";

const LETTER = 5.9;

/** How high a row of words is. */
export function heightOf(flow, stack, role, width) {
  const list = role === "out" ? outputs(flow) : flow.labels[stack] ?? [];
  if (!list.length) return 0;
  const extra = role === "out" ? 18 : 14;
  if (flow.frames[stack]) return 30 + extra;
  return (upright(list, width) ? 20 : Math.min(66, longest(list) * LETTER + 8)) + extra;
}

const longest = (list) => Math.max(1, ...list.map((word) => Math.min(10, word.length)));
const upright = (list, width) => longest(list) * (LETTER + 0.6) + 6 < width / list.length;

/** What is written above each position of the decoder; the last is not written yet. */
export function outputs(flow) {
  return flow.labels.decoder.map((_, i) => flow.written[i] ?? likeliest(flow, i)?.label ?? "?");
}

/** The likeliest token after the first `i`. */
export function likeliest(flow, i) {
  const numbers = flow.value("softmax", "probabilities");
  if (!numbers || i >= numbers.shape[0]) return null;
  const values = row(matrix(numbers), i);
  const token = values.indexOf(Math.max(...values));
  return { token, probability: values[token], label: flow.show(token) };
}

/** A row of words. */
export function words({ stack, role, x, y, w, h }, given) {
  const { flow, app } = given;
  const list = role === "out" ? outputs(flow) : flow.labels[stack];
  const count = list.length;
  const at = places(count, x, w);
  const key = role === "out" ? "out" : `${stack}.words`;
  const line = role === "out" ? y + 9 : y + h - 1;
  const said = captionOf(stack, role, given, w);
  const caption = svg("text", { class: "aside", x: x + w / 2, y: line, "text-anchor": "middle" }, said);
  const top = role === "out" ? y + 15 : y;
  const height = h - (role === "out" ? 18 : 14);
  if (flow.frames[stack]) {
    return svg("g", { class: `words ${stack}`, "data-key": key }, caption, strip(given, stack, role, x, top, w, height));
  }
  const flat = upright(list, w);
  const every = Math.max(1, Math.ceil(8.5 / (w / count)));
  return svg("g", { class: `words ${stack} ${role}`, "data-key": key }, caption, list.map((word, i) => {
    if (i % every !== 0) return null;
    const begin = role === "in" && stack === "decoder" && i === 0;
    const next = role === "out" && flow.written[i] === null && (i === 0 || flow.written[i - 1] !== null);
    const wide = Math.max(1, (w / count) * every - 2);
    const shown = word.length > 10 ? `${word.slice(0, 9)}…` : word;
    const middle = at(i);
    const size = flat ? 11 : Math.min(11, ((w / count) * every) * 0.98);
    return svg("g", {
      class: `word${begin ? " begin" : ""}${next ? " next" : ""}`,
      "data-at": i,
      onclick: () => role === "out" && app.choose(Math.min(i, app.count() - 1)),
      onpointerenter: () => hover(app, stack, role, i), onpointerleave: () => app.set({ hover: null }),
    }, svg("rect", { x: middle - wide / 2, y: top, width: wide, height, rx: Math.min(4, wide / 3) }),
    flat
      ? svg("text", { x: middle, y: top + height / 2 + 4, "text-anchor": "middle", "font-size": size }, shown)
      : svg("text", { "font-size": size, transform: `translate(${middle + size * 0.34} ${top + height - 4}) rotate(-90)` }, shown),
    svg("title", {}, word));
  }));
}

function hover(app, stack, role, i) {
  if (stack === "encoder") return app.set({ hover: { side: "source", position: i } });
  // A word below is the output of the place before it.
  const position = role === "out" ? i : i - 1;
  if (position >= 0 && position < app.count()) app.set({ hover: { side: "target", position } });
}

function captionOf(stack, role, { flow, aligned }, w) {
  const roomy = w > 190;
  if (role === "out" && aligned) return roomy ? "what comes out: a label for each position" : "labels";
  if (role === "out") return flow.frames.decoder ? "frames" : roomy ? "what comes out: the next word, above each word" : "the next words";
  if (stack === "encoder") return flow.frames.encoder ? `source: ${flow.labels.encoder.length} positions` : "source";
  return roomy ? "written so far, shifted right" : "shifted right";
}

/** Frames are too many for words: the frames themselves, time from left to right. */
function strip({ flow }, stack, role, x, y, w, h) {
  const edge = svg("rect", { class: "strip-edge", x, y, width: w, height: h, rx: 2 });
  const frames = stack === "encoder" ? flow.sourceFrames : framesWritten(flow, role);
  if (!frames) return [edge, svg("text", { class: "tick-label", x: x + w / 2, y: y + h / 2 + 4, "text-anchor": "middle" }, "frames")];
  const low = frames.values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = frames.values.reduce((a, b) => Math.max(a, b), -Infinity);
  return [picture(turned(frames), { x, y, w, h, colour: sequentialRgb, low, high }), edge];
}

/** What the decoder has written; what it is fed is the same, one place further right behind a frame of zeros. */
function framesWritten(flow, role) {
  const numbers = flow.value("linear", "frames");
  if (!numbers) return null;
  const out = matrix(numbers);
  if (role === "out") return out;
  const values = new Float32Array(out.values.length);
  values.set(out.values.subarray(0, values.length - out.columns), out.columns);
  return { ...out, values };
}
