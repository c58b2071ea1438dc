// Head ablation: grids of heads to silence, and the cost of each head's silence for the output.

import { answersAnew, api } from "any2any/api";
import { html, replace, button, downloads } from "any2any/draw";
import { logProbabilities, scored } from "any2any/probabilities";
import { drawHeads, headsOf, keyOf } from "any2any/whatif/heads";

/** @import { App } from "any2any/types" */

/** Fills `root`; returns a function that redraws it for changed keys of the state.
 * @param {HTMLElement} root @param {App} app */
export function headAblation(root, app) {
  let effects = new Map();                                        // keyOf(head) → change of log-probability
  let measured = "";                                              // the question that they answer
  let measuring = null;                                           // the request, while they are measured
  const grids = html("div", { class: "head-grids" });
  const measure = button("", run, { class: "small" });
  const note = html("p", { class: "note" });
  const data = () => [...effects].map(([head, change]) => ({ head, change }));
  replace(root,
    html("div", { class: "title-row" }, html("h3", {}, "Silence heads"),
      button("Let all speak", () => app.set({ ablated: [] }), { class: "quiet small", title: "Silence no head" }),
      downloads({ name: "heads", figure: () => grids, data })),
    grids, html("div", { class: "row" }, measure), note);

  const question = () => JSON.stringify([app.request(), app.state.tokens, app.state.masked, app.state.edited]);

  function draw() {
    const { look, ablated } = app.state;
    const all = headsOf(look).length;
    root.hidden = all === 0;
    if (measured !== question()) { effects = new Map(); stop(); }
    drawHeads(grids, { look, ablated, effects, onchange: (next) => app.set({ ablated: next }) });
    measure.hidden = !answersAnew(app.state.run) || !look.logits || app.count() === 0;
    measure.textContent = measuring ? `Stop (${effects.size} of ${all})` : "Measure every head";
    note.textContent = effects.size === 0
      ? "Click a head, or a layer's name. Measuring silences each head alone, and colours it by what the output's "
        + "log-probability loses."
      : "Orange: the head speaks for the output, which is less probable without it. Blue: against it. Pale: the others make up for it "
        + "(Michel, Levy and Neubig, 2019).";
  }

  function stop() {
    measuring?.abort();
    measuring = null;
  }

  async function run() {
    if (measuring) { stop(); return draw(); }
    const mine = (measuring = new AbortController());
    measured = question();
    effects = new Map();
    await app.attempt(() => measureAll(mine));
    if (mine === measuring) measuring = null;
    draw();
  }

  async function measureAll(mine) {
    const { tokens, masked, edited, vocabulary } = app.state;
    const ask = (ablated) => api.look(app.request({ tokens, masked, edited, ablated }), mine.signal);
    const base = await ask([]);
    const explained = scored(base, vocabulary);
    const sum = (look) => logProbabilities(look, explained).reduce((all, each) => all + each, 0);
    for (const head of headsOf(base)) {
      const look = await ask([head]);
      if (mine !== measuring) return;
      effects.set(keyOf(head), sum(look) - sum(base));
      draw();
    }
  }

  return (keys) => { if (["look", "ablated", "masked", "edited", "tokens", "theme"].some((key) => keys.has(key))) draw(); };
}
