// What the panel says before anything is opened: what is to be seen, and the model's sizes.

import { html, button } from "any2any/draw";

/** @param {object} given @param {() => void} walk begins the walk @returns {Node[]} */
export function welcome({ model, anatomy: { stacks } }, walk) {
  const ways = stacks.length > 1
    ? "the source enters at the left, what has been written at the right, and what comes next leaves at the top"
    : "what has been written enters below, and what comes next leaves at the top";
  return [
    html("h3", {}, "What you see"),
    html("p", {}, `This model is ${BODIES[model.body]}. Data flows upwards: ${ways}.`),
    html("p", {}, "The strips are the real numbers for your input, a column for each position. Point at one to read them; open a box to see what it does, its matrices and what it has learned."),
    html("table", { class: "numbers facts" }, facts(model).map(([name, value]) =>
      html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, String(value))))),
    html("p", {}, button("Walk through it", walk, { class: "primary", title: "A walk through the figure, in about ten stops" })),
  ];
}

const BODIES = {
  transformer: "a transformer with encoder and decoder",
  decoder_only: "a transformer that is only a decoder",
  lstm: "a recurrent network (LSTM), the transformer's predecessor",
};

function facts(model) {
  return [
    ["width of every vector, d_model", model.d_model],
    ["inner width of feed forward, d_ff", model.d_ff || null],
    ["heads of each attention", model.heads || null],
    ["encoder layers", model.encoder_layers || null],
    ["decoder layers", model.decoder_layers],
    ["normalisation", model.norm && (model.norm === "post" ? "after each sum, as in the paper" : "before each step")],
    ["positions", model.positions],
    ["numbers learned", model.parameters.toLocaleString("en")],
  ].filter(([, value]) => value);
}
