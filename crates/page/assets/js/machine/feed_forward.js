// The feed-forward sub-layer, explained.

import { times } from "any2any/machine/activations";

export const explainFeedForward = (_, { model, stream, n, has, d }) => ({
    text: [
      `Attention has brought together what belongs together; now each position thinks about it on its own. Its ${d} numbers become ${model.d_ff}, ${has("gate") ? "a gate decides which of them pass" : "those below zero are cut off or damped"}, and a second matrix turns what is left back into ${d}.`,
      `Each of the ${model.d_ff} inner numbers is like a question (“is this a plural subject?”), and what it adds is the answer. Nothing passes between positions here.`,
    ],
    formula: has("gate") ? "FFN(x) = (swish(x W_{gate}) · x W_{1}) W_{2}" : "FFN(x) = activation(x W_{1} + b_{1}) W_{2} + b_{2}",
    into: stream,
    out: `${times([n, model.d_ff])} inside, then ${stream}`,
  });
