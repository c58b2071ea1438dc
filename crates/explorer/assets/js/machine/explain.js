// One paragraph for each part: what it does, why, its formula, and which shape goes in and out of this very model.

import { times } from "any2any/machine/flow";

/** @typedef {{ text: string[], formula: string|null, into: string, out: string }} Explanation */

/** @param {object} block @param {object} of { flow, model, task } @returns {Explanation} */
export function explain(block, of) {
  const facts = factsOf(block, of);
  return EXPLAIN[block.kind](block, facts);
}

function factsOf({ stack, part }, { flow, model, task }) {
  const d = model.d_model;
  const n = (stack === "encoder" ? flow.labels.encoder : flow.labels.decoder).length;
  const inside = flow.part(part);
  const shape = (name) => times(flow.value(part, name)?.full ?? []);
  const has = (word) => inside.parameters.some(({ name }) => name.includes(word));
  return { flow, model, task, d, n, shape, m: flow.labels.encoder?.length ?? 0, has, decoder: stack !== "encoder", inside,
    stream: times([n, d]), frames: flow.frames[stack ?? "decoder"], name: stack === "encoder" ? "encoder" : "decoder" };
}

const EXPLAIN = {
  embedding: (_, { d, n, frames, inside, flow, decoder, has, stream }) => frames ? {
    text: [
      decoder
        ? "The frames written so far, one place to the right and with a frame of zeros first, are turned into vectors that the decoder can work with."
        : `The source is no text but frames of numbers. ${has("projection") ? "One matrix turns each frame" : "A few layers look at neighbouring frames and turn them"} into a vector of ${d} numbers, just as a word would be.`,
      "From here on the model does not know which medium it reads: everything is a sequence of vectors.",
    ],
    formula: has("projection") ? "x_{i} = W frame_{i} + b" : null,
    into: flow.sourceFrames && !decoder ? times([flow.sourceFrames.rows, flow.sourceFrames.columns]) : "frames",
    out: stream,
  } : {
    text: [
      `A network computes with numbers, so each word (more exactly: each token) is looked up in a table that has one row of ${d} numbers for every token it knows${vocabulary(inside)}.`,
      "The rows are learned: words that are used alike end up with rows that are alike. " +
        (decoder ? "Here the words written so far are looked up, one place to the right, with the begin token first." : "The same word always gets the same row; what it means here is for the layers above to find out."),
    ],
    formula: "x_{i} = √d_{model} · table[token_{i}]",
    into: `${n} tokens`,
    out: stream,
  },
  positions: ({ title }, { d, stream, name }) => ({
    text: [POSITIONS_TEXT[title], "Without this, “dog bites man” and “man bites dog” would be one and the same bag of words to the model, since attention does not care for order."],
    formula: POSITIONS_FORMULA[title],
    into: stream,
    out: `${stream}, the stream of ${d}-number vectors that all layers of the ${name} write into`,
  }),
  attention: (block, facts) => (facts.model.body === "lstm" ? recurrentAttention(facts) : attention(block, facts)),
  norm: (block, { d, stream, name }) => ({
    text: block.layer === null
      ? [`After all layers, the ${name}'s vectors are brought to one scale once more, so that whatever reads them next need not care how much the layers have added up.`]
      : [`Before the next step reads the stream, each vector is brought to one scale: its ${d} numbers are shifted to mean 0 and stretched to spread 1, then scaled and shifted by learned amounts.`,
        "This model normalises before each step (“pre-norm”), where the paper's figure does it after the sum. The stream itself is then never rescaled, which lets deep models learn without a careful start."],
    formula: "norm(x) = γ · (x − mean(x)) / spread(x) + β",
    into: stream,
    out: stream,
  }),
  add: (_, { stream, d }) => ({
    text: [
      `What the step has found is added to what was there: ${d} numbers plus ${d} numbers, position by position. The line around the box, which carries the old vectors past, is called the residual connection.`,
      "So a layer never has to copy what it does not change, and while learning, the error finds a short way down to the first layers.",
    ],
    formula: "x + step(norm(x))",
    into: `${stream} twice`,
    out: stream,
  }),
  add_norm: (block, { stream, d }) => ({
    text: [
      `First the sum: what the step has found is added to what was there before it. The line around the box carries the old vectors past and is called the residual connection; a layer never has to copy what it does not change.`,
      `Then the normalisation: each vector's ${d} numbers are shifted to mean 0 and stretched to spread 1, then scaled and shifted by learned amounts, so that nothing grows out of hand. As in the paper's figure, it stands after the sum (“post-norm”).`,
    ],
    formula: "norm(x + step(x)),   norm(x) = γ · (x − mean(x)) / spread(x) + β",
    into: `${stream} twice`,
    out: stream,
  }),
  feed_forward: (_, { model, stream, n, has, d }) => ({
    text: [
      `Attention has brought together what belongs together; now each position thinks about it on its own. Its ${d} numbers become ${model.d_ff}, ${has("gate") ? "a gate decides which of them pass" : "those below zero are cut off or damped"}, and a second matrix turns what is left back into ${d}.`,
      `Each of the ${model.d_ff} inner numbers is like a question (“is this a plural subject?”), and what it adds is the answer. Nothing passes between positions here.`,
    ],
    formula: has("gate") ? "FFN(x) = (swish(x W_{gate}) · x W_{1}) W_{2}" : "FFN(x) = activation(x W_{1} + b_{1}) W_{2} + b_{2}",
    into: stream,
    out: `${times([n, model.d_ff])} inside, then ${stream}`,
  }),
  cells: (block, { stream, decoder, inside, shape }) => ({
    text: [
      `An LSTM reads one position after the other${block.backwards ? ", here from the end to the beginning" : ""}. It carries a memory, the cell, and at each step three gates between 0 and 1 decide: what to forget of it, what to write into it, and what to show of it.`,
      decoder
        ? "The first cell starts from the encoder's last state; each further one takes over the state of the one before it and the word just written. Nothing can be computed before the step before it is done."
        : "What is said at the beginning must survive every step until it is needed. That is the weakness which attention, and then the transformer, did away with: there every position sees every other in one step.",
    ],
    formula: "cell_{t} = forget · cell_{t−1} + input · candidate,   hidden_{t} = output · tanh(cell_{t})",
    into: block.backwards || !decoder ? stream : `${stream}${inside.parameters.length ? ", with the context where there is attention" : ""}`,
    out: shape("hidden"),
  }),
  linear: (_, { d, n, frames, inside, stream, shape }) => frames ? {
    text: [`One last matrix turns each vector of ${d} numbers into the numbers of a frame. This task writes frames, not words, so there is no softmax: the numbers themselves are the output.`],
    formula: "frame_{i} = W h_{i} + b",
    into: stream,
    out: shape("frames"),
  } : {
    text: [
      `The decoder's last vector is compared with one row of ${d} numbers for every token of the vocabulary: the dot product is the token's score, called logit. The better the vector points in a token's direction, the higher the score.`,
      inside.parameters.some(({ name }) => name.startsWith("stems.")) ? "In this model the rows are the very table that words were looked up in at the entrance (“tied” weights)." : "The rows are learned for this purpose alone.",
    ],
    formula: "logit_{token} = h · row_{token}",
    into: stream,
    out: times([n, inside.values[0].shape.at(-1)]),
  },
  softmax: (_, { n, shape }) => ({
    text: [
      "Scores become probabilities: each is raised to the exponential, so that all are positive, and divided by the sum, so that they add up to 1. The higher the score, the larger the share; a lead of 1 makes a token 2.7 times as likely.",
      "From this distribution the next word is chosen. It is then written behind the others, and goes in at the bottom of the decoder for the next one.",
    ],
    formula: "p_{token} = exp(logit_{token}) / Σ exp(logit)",
    into: shape("probabilities"),
    out: `${shape("probabilities")}, each of the ${n} rows adding up to 1`,
  }),
};

function attention({ attends, stack }, { model, n, m, stream, d, task: { aligned } }) {
  const width = d / model.heads;
  const cross = attends === "cross";
  const keys = cross ? m : n;
  const who = cross
    ? "This is where the two halves meet. Each position of the decoder asks a question of the whole source: its query is compared with a key from every position that the encoder has read, and the values of those that fit are brought over."
    : stack === "encoder"
      ? "Each position looks at all positions of the source, itself included, and takes over what helps to understand it: a verb finds its subject, a pronoun whom it stands for."
      : aligned ? "Each position looks at itself and at those before it; later ones are masked, as in a decoder that writes word by word."
      : "Each position looks at what has been written before it, and at itself. Later positions are masked, since they are not written yet when the model has to go on: their weights are zero, the empty triangle in the picture.";
  return {
    text: [
      who,
      `Three matrices make of each vector a query (what am I looking for?), a key (what do I offer?) and a value (what do I hand over?). ${model.heads} heads do this at once, each with ${width} of the ${d} numbers and with weights of its own, so that one can watch word order while another finds subjects. A last matrix mixes what they found.`,
      ...(model.positions === "rotary" && !cross ? ["Queries and keys are turned by an angle that grows with the position, so their dot product knows the distance between them. The numbers below are those after the turn."] : []),
      ...(model.positions === "alibi" && !cross ? ["Every step of distance costs a score something, in each head another amount (ALiBi): that is how this model knows what is near."] : []),
    ],
    formula: "head = softmax(Q K^{T} / √d_{head}) V,   output = [head_{1} … head_{h}] W_{O}",
    into: cross ? `${stream} (queries), ${times([m, d])} (keys and values)` : stream,
    out: `weights ${times([model.heads, n, keys])}, then ${stream}`,
  };
}

function recurrentAttention({ m, n, d, has }) {
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

function vocabulary(part) {
  const table = part.parameters.find(({ name }) => name.endsWith("table"));
  return table ? ` (${table.shape[0]} in all)` : "";
}

const POSITIONS_TEXT = {
  "sines and cosines": "To each vector a pattern of sines and cosines is added that is different for each place in the sequence: fast waves tell neighbours apart, slow ones the beginning from the end.",
  "learned vectors": "To each vector another is added that stands for its place in the sequence. There is one for the first place, one for the second and so on, and all are learned.",
  rotary: "Nothing is added here. Instead, in every self-attention queries and keys are turned by an angle that grows with the position (rotary positions), so that they feel how far apart they are.",
  ALiBi: "Nothing is added here. Instead, in every self-attention a score is lowered by the distance between the two positions (ALiBi), so that what is near counts more.",
  Positions: "Here positions are told apart.",
};

const POSITIONS_FORMULA = {
  "sines and cosines": "p_{i, 2k} = sin(i / 10000^{2k/d}),   p_{i, 2k+1} = cos(i / 10000^{2k/d})",
  "learned vectors": "x_{i} + p_{i}",
  rotary: "q_{i} · k_{j} depends on i − j",
  ALiBi: "score_{ij} = q_{i} · k_{j} / √d_{head} − slope_{head} · |i − j|",
  Positions: null,
};
