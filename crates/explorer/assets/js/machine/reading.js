// From an answer of /api/machine and the page's state to the flow that is drawn: how each position reads, and which of
// the decoder's positions are to be seen.

import { floats } from "any2any/api";
import { flowOf } from "any2any/machine/flow";

/** @param {{ parts: object[], whole: boolean }} asked @param {{ app: object, look: object, task: object }} page
 * @returns {import("any2any/machine/flow").Flow} */
export function readFlow(asked, { app, look, task }) {
  const { tokens, vocabulary } = app.state;
  const ofTokens = task.target.tokens;
  // Behind the end nothing is asked for any more.
  const fed = tokens.length + (tokens.length > 0 && tokens.at(-1) === vocabulary?.end ? 0 : 1);
  const rows = ofTokens && !task.aligned && asked.whole ? fed : null;
  const count = rows ?? asked.parts.find(({ id }) => id === "linear").values[0].shape[0];
  const flow = flowOf(asked.parts, {
    rows,
    frames: { encoder: Boolean(look.source) && !task.source?.tokens, decoder: !ofTokens },
    labels: { encoder: sourceLabels(look), decoder: inputLabels(look, task, count, app) },
    written: Array.from({ length: count }, (_, i) => (ofTokens ? look.target.positions[i]?.label ?? null : `frame ${i + 1}`)),
  });
  return Object.assign(flow, { show: (token) => app.label(token), sourceFrames: framesOf(look) });
}

function sourceLabels(look) {
  return look.source?.positions.map(({ label }, i) => label ?? `position ${i + 1}`) ?? [];
}

/** What the decoder is fed: begin and what is written, or, where labels are written, the positions of the source. */
function inputLabels(look, task, count, app) {
  if (task.aligned) return sourceLabels(look).slice(0, count);
  const before = (i) => {
    if (task.target.tokens) return i === 0 ? app.label(app.state.vocabulary.begin) : look.target.positions[i - 1]?.label;
    return i === 0 ? "zeros" : `frame ${i}`;
  };
  return Array.from({ length: count }, (_, i) => before(i) ?? "…");
}

function framesOf(look) {
  if (!look.source?.frames) return null;
  const { shape: [rows, columns], values } = floats(look.source.frames);
  return { values, rows, columns };
}
