// An LSTM's cells and its attention, explained, and the chain of cells inside their box.

import { diverging, svg } from "any2any/draw";
import { extent, times } from "any2any/machine/activations";

/** @import { Block } from "any2any/machine/architecture" */

/** @param {Block} block */
export const explainCells = (block, { stream, decoder, inside, shape }) => ({
    text: [
      `An LSTM reads one position after the other${block.backwards ? ", here from the end to the beginning" : ""}. It carries a memory, the cell, and at each step three gates between 0 and 1 decide: what to forget of it, what to write into it, and what to show of it.`,
      decoder
        ? "The first cell starts from the encoder's last state; each further one takes over the state of the one before it and the word just written. Nothing can be computed before the step before it is done."
        : "What is said at the beginning must survive every step until it is needed. That is the weakness which attention, and then the transformer, did away with: there every position sees every other in one step.",
    ],
    formula: "cell_{t} = forget · cell_{t−1} + input · candidate,   hidden_{t} = output · tanh(cell_{t})",
    into: block.backwards || !decoder ? stream : `${stream}${inside.parameters.length ? ", with the context where there is attention" : ""}`,
    out: shape("hidden"),
  });

export function explainRecurrentAttention({ m, n, d, has }) {
  return {
    text: [
      `Before attention, all that this decoder knew of the source was the encoder's last state: a whole sentence in ${d} numbers. With it, each step looks back at all ${m} states of the encoder and takes a weighted mean of them, the context.`,
      has("score")
        ? "The decoder's state before the step asks (Bahdanau et al. 2015); the context goes into the first cell together with the word, and into the output together with the new state. This was the invention that the transformer built everything upon."
        : "The decoder's state after the step asks, and context and state together become the output (Luong et al. 2015). This was the invention that the transformer built everything upon.",
    ],
    formula: has("score") ? "weights = softmax(v · tanh(W state + U encoder_{j}))" : "weights = softmax(state W encoder_{j})",
    into: `${times([n, d])} and ${times([m, d])}`,
    out: `weights ${times([1, n, m])}, then ${times([n, d])}`,
  };
}

/** LSTM cells side by side, each of which takes the state of the one before it. @param {Block} block */
export function cellsOf(block, { x, y, w, h }, { activations }) {
  const hidden = activations.value(block.part, "hidden");
  const count = hidden.shape.at(-2);
  const step = w / count;
  if (step < 9) {
    const [from, to] = block.backwards ? [x + w - 8, x + 8] : [x + 8, x + w - 8];
    return svg("path", { class: "arrow stream", d: `M${from} ${y + h / 2}H${to}`, "marker-end": "url(#head-stream)" });
  }
  const size = Math.min(20, step * 0.62, h - 6);
  const most = extent(hidden.values);
  return Array.from({ length: count }, (_, i) => {
    const values = hidden.values.subarray(i * hidden.shape.at(-1), (i + 1) * hidden.shape.at(-1));
    const strength = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length) / most;
    const cx = x + (i + 0.5) * step;
    const cy = y + h / 2;
    const from = block.backwards ? cx + step - size / 2 : cx - step + size / 2;
    const to = block.backwards ? cx + size / 2 + 1 : cx - size / 2 - 1;
    const isFirst = block.backwards ? i === count - 1 : i === 0;
    return [
      svg("rect", { class: "cell", x: cx - size / 2, y: cy - size / 2, width: size, height: size, rx: 3, fill: diverging(strength) }),
      isFirst ? null : svg("path", { class: "arrow stream", d: `M${from} ${cy}L${to} ${cy}`, "marker-end": "url(#head-stream)" }),
    ];
  });
}
