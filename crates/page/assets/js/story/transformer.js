// Chapter 6: the figure of the paper (Vaswani et al. 2017), whole on one screen, with the numbers of one sentence.

import { html, replace } from "any2any/draw";
import { isWhole, readActivations } from "any2any/machine/activations";
import { architectureOf, blocks } from "any2any/machine/architecture";
import { drawFigure } from "any2any/machine/figure";
import { credit } from "any2any/story/examples";
import { attentivePassage } from "any2any/story/attention";
import { fitted } from "any2any/story/drawing";

/** @import { App } from "any2any/types" */

/** The width of the figure in its own units: narrow, so that its letters are large on the screen. */
const WIDTH = 560;
const WORDS = 5;

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "transformer",
  title: "The transformer",
  steps: 4,
  text: (link) => ["Put together, this is the figure of the paper “Attention Is All You Need”. ", link("All of it", 0), " is at work here: ",
    link("the encoder", 1), " reads, ", link("the decoder", 2), " looks at what was read and at what it has written, and ",
    link("the last two boxes", 3), " choose the next word. The coloured strips are the numbers on their way."],
  async open({ app, animation }) {
    const passage = await attentivePassage(app, WORDS);
    const given = drawnOf(app, passage);
    const { element: figure } = drawFigure(given, WIDTH);
    figure.classList.add("touring");
    const [x, y, width, height] = figure.getAttribute("viewBox").split(" ").map(Number);
    fitted(figure);
    const element = html("div", { class: "story-machine" });
    replace(element, figure);
    const all = [...figure.querySelectorAll("[data-key]")];
    // Boxes light up one after the other, from the words of the source up to the next word of the output.
    const order = given.all.map(({ key }) => key);
    return {
      element,
      credit: credit(passage.example.run),
      show(step) {
        const lit = [() => true, (key) => key.startsWith("encoder"), (key) => key.startsWith("decoder"), (key) => /^(linear|softmax|out)/.test(key)][step];
        const half = width / 2;
        const views = [[x, y, width, height], [x, y + 0.42 * height, half + 30, 0.58 * height], [x + half - 60, y + 0.36 * height, half + 60, 0.64 * height], [x + half - 60, y, half + 60, 0.38 * height]];
        figure.setAttribute("viewBox", views[step].join(" "));
        const dim = (is) => all.forEach((each) => each.classList.toggle("dimmed", !is(each.getAttribute("data-key"))));
        if (step > 0) return dim(lit);
        animation.play(order.length + 1, 650, (frame) => dim((key) => frame === order.length || key === order[frame]));
      },
    };
  },
};

/** What the figure is drawn from, about this passage instead of the page's translation.
 * @param {App} app @returns {import("any2any/machine/activations").Drawn} */
function drawnOf(app, { example: { run, task }, tokens, vocabulary, look, parts }) {
  const { model } = run;
  const position = Math.floor(tokens.length / 2);
  const state = { ...app.state, run: run.number, task: task.number, tokens, vocabulary, look, hover: null, chosen: position };
  const label = (token) => look.target.positions.find((each) => each.token === token)?.label ?? vocabulary.tokens[token];
  const its = Object.assign(Object.create(app), { state, label, position: () => position, count: () => tokens.length, task: () => task, set: () => {}, choose: () => {} });
  const activations = readActivations({ parts, whole: isWhole(parts) }, { app: its, look, task });
  const architecture = architectureOf(activations, model);
  const nothing = () => {};
  return {
    activations, model, task, app: its, architecture, all: blocks(architecture), perPosition: task.per_position,
    view: { part: null, head: 0, query: null, layer: 0, folded: true, stop: null },
    open: nothing, setHead: nothing, setQuery: nothing, setLayer: nothing,
  };
}
