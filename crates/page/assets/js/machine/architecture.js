// The parts of a model as the figure stacks them, from the bottom up, for every architecture.
//
// A layer of a transformer is a list of sub-layers. A sub-layer is { main, norm, join }: its box, the normalisation
// before it (null if that follows the sum), and the sum of its output with the residual.

/** @import { Activations } from "any2any/machine/activations" */
/**
 * @typedef {"embedding"|"positions"|"attention"|"norm"|"add"|"add_norm"|"feed_forward"|"cells"|"linear"|"softmax"} BlockKind
 *
 * @typedef {object} Block      a box of the figure
 * @property {string} key       unique in the figure
 * @property {string} part      id of the part that it opens
 * @property {BlockKind} kind
 * @property {"encoder"|"decoder"|null} stack
 * @property {number|null} layer
 * @property {"self"|"cross"|null} attends
 * @property {string} title
 * @property {string} [brief]   the title where there is little room
 * @property {boolean} [added]     of positions: whether they are added to the stream
 * @property {boolean} [backwards] of cells: whether they read from the end
 * @property {boolean} [intoCells] of an LSTM's attention: whether what it found goes into the next step
 * @property {string} small     a second line: this model's numbers
 */

/**
 * @typedef {{ main: Block, norm: Block|null, join: Block|null }} SubLayer
 * @typedef {{ number: number, of: number, subLayers: SubLayer[] }} Layer
 *
 * @typedef {object} BlockStack     encoder or decoder
 * @property {"encoder"|"decoder"} stack
 * @property {Block} [embedding]
 * @property {Block} [positions]
 * @property {Layer[]} layers
 * @property {Block} [norm]         after the last layer
 * @property {Block} [attention]    of an LSTM's decoder
 *
 * @typedef {{ body: string, stacks: BlockStack[], exit: Block[] }} Architecture
 */

/** @param {import("any2any/machine/activations").Activations} activations @param {import("any2any/types").Model} model
 * @returns {Architecture} */
export function architectureOf(activations, model) {
  const stacks = /** @type {const} */ (["encoder", "decoder"]).filter((stack) => activations.parts.some((part) => part.stack === stack));
  return {
    body: model.body,
    stacks: stacks.map((stack) => stackOf(stack, activations, model)),
    exit: activations.parts.filter(({ stack }) => stack === null).map((part) => exitBlock(part, activations)),
  };
}

/** @param {"encoder"|"decoder"} stack @returns {BlockStack} @param {Activations} activations */
function stackOf(stack, activations, model) {
  const of = activations.parts.filter((part) => part.stack === stack);
  const numbers = [...new Set(of.map(({ layer }) => layer).filter((layer) => layer !== null))].sort((a, b) => a - b);
  const recurrent = model.body === "lstm";
  const layer = (number) => {
    const parts = of.filter((part) => part.layer === number);
    return recurrent ? parts.map((part) => cells(part)) : subLayers(parts, model);
  };
  const embedding = of.find(({ kind }) => kind === "embedding");
  const positions = of.find(({ kind }) => kind === "positions");
  const last = of.find(({ kind, layer }) => kind === "add_norm" && layer === null);
  const attention = of.find(({ kind, layer }) => kind === "attention" && layer === null);
  return {
    stack,
    embedding: embedding && block(embedding, {
      title: activations.frames[stack] ? "Projection" : "Embedding",
      small: `→ ${model.d_model} numbers each`,
    }),
    positions: positions && block(positions, {
      title: POSITIONS[model.positions] ?? "Positions",
      small: "",
      added: ["sinusoidal", "learned"].includes(model.positions),
    }),
    layers: numbers.map((number) => ({ number, of: numbers.length, subLayers: layer(number) })),
    norm: last && block(last, { kind: "norm", title: "Norm", small: "" }),
    attention: attention && block(attention, {
      title: "Attention",
      small: "to the encoder's states",
      attends: "cross",
      intoCells: attention.parameters.some(({ name }) => name.includes(".score.")),
    }),
  };
}

const POSITIONS = { sinusoidal: "sines and cosines", learned: "learned vectors", rotary: "rotary", alibi: "ALiBi" };

function subLayers(parts, model) {
  return parts.filter(({ kind }) => kind !== "add_norm").map((part) => {
    const joined = parts.find(({ id }) => id === `${part.id}_add_norm`);
    const main = part.kind === "attention" ? attentionBlock(part, model) : feedForward(part, model);
    if (!joined) return { main, norm: null, join: null };
    const pre = model.norm !== "post";
    return {
      main,
      norm: pre ? block(joined, { kind: "norm", key: `${joined.id}.norm`, title: "Norm", small: "" }) : null,
      join: pre
        ? block(joined, { kind: "add", key: `${joined.id}.add`, title: "Add", small: "" })
        : block(joined, { kind: "add_norm", title: "Add & norm", small: "" }),
    };
  });
}

function attentionBlock(part, model) {
  const cross = part.id.endsWith("cross_attention");
  const title = cross ? "Cross-attention" : part.stack === "decoder" ? "Masked self-attention" : "Self-attention";
  const small = `${model.heads} heads of ${model.d_model / model.heads}`;
  const brief = title.replace("Masked self", "Masked ").replace(" -", " ");
  return block(part, { title, brief, small, attends: cross ? "cross" : "self" });
}

function feedForward(part, model) {
  return block(part, { title: "Feed forward", small: `${model.d_model} → ${model.d_ff} → ${model.d_model}` });
}

function cells(part) {
  const backwards = part.id.endsWith("backward_cells");
  const title = backwards ? "LSTM cells, read from the end" : "LSTM cells";
  return { main: block(part, { title, brief: backwards ? "From the end" : title, small: "", backwards }), norm: null, join: null };
}

/** @param {Activations} activations */
function exitBlock(part, activations) {
  const [value] = part.values;
  const width = value?.shape.at(-1);
  const small = part.kind === "softmax" ? "to probabilities" : `→ ${width} ${activations.frames.decoder ? "numbers of a frame" : "tokens"}`;
  return block(part, { title: part.kind === "softmax" ? "Softmax" : "Linear", small });
}

function block(part, more) {
  return { key: part.id, part: part.id, kind: part.kind, stack: part.stack, layer: part.layer, attends: null, ...more };
}

/** Every block of the figure, from the bottom up. */
export function blocks({ stacks, exit }) {
  const ofLayer = ({ subLayers: list }) => list.flatMap(({ norm, main, join }) => [norm, main, join]);
  const ofStack = ({ embedding, positions, layers, norm, attention }) =>
    [embedding, positions, ...layers.flatMap(ofLayer), norm, attention];
  return [...stacks.flatMap(ofStack), ...exit].filter(Boolean);
}

/** The full name of a block: "Encoder · layer 1 · Self-attention". */
export function nameOf({ stack, layer, title, kind }) {
  const where = [stack && (stack === "encoder" ? "Encoder" : "Decoder"), layer !== null && `layer ${layer + 1}`];
  return [...where, kind === "positions" ? `positions: ${title}` : title].filter(Boolean).join(" · ");
}
