// Research: experiments on the layers of the model, and on the samples that it was trained and tested with. One section at
// a time.

import { html, replace, segmented } from "any2any/draw";
import { assessments } from "any2any/research/assessments";
import { lens } from "any2any/research/lens";
import { neighbours } from "any2any/research/neighbours";
import { patching } from "any2any/research/patching";

/** @import { App } from "any2any/types" */

/** A section fills its root when it is opened, and returns what is called with the keys of the state that changed while it is.
 * @typedef {(root: HTMLElement, app: App) => (keys: Set<string>) => void} Section */

/** @type {{ id: string, label: string, title: string, section: Section }[]} */
const SECTIONS = [
  { id: "lens", label: "Logit lens", title: "The word that each layer would choose", section: lens },
  { id: "patching", label: "Patching", title: "States of another input, put into this one", section: patching },
  { id: "neighbours", label: "Nearest samples", title: "Training samples with a state near to this one", section: neighbours },
  { id: "samples", label: "Test samples", title: "The samples of a split, sorted by how hard they are", section: assessments },
];

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "research",
  title: "Research",
  hint: "Read the model layer by layer, put the states of one input into another, find what its states are near to, and which samples it fails on.",
  mount(root, app) {
    const body = html("div", { class: "stack" });
    const known = () => SECTIONS.find(({ id }) => id === app.state.research) ?? SECTIONS[0];
    const choice = segmented({ label: "Section", value: known().id,
      options: SECTIONS.map(({ id, label, title }) => ({ value: id, label, title })), onchange: (research) => app.set({ research }) });
    const empty = html("p", { class: "empty" }, "Give the model something to translate: see Source.");
    replace(root, html("div", { class: "row" }, choice), empty, body);
    let open = null;                                              // { id, redraw }

    const show = (keys) => {
      const { id, section } = known();
      choice.set(id);
      empty.hidden = app.ready();
      body.hidden = !app.ready();
      if (!app.ready()) return;
      if (open?.id === id) return open.redraw(keys);
      const part = html("div", { class: "stack", "data-section": id });
      replace(body, part);
      open = { id, redraw: section(part, app) };
    };
    app.on("change", show);
    show(new Set());
  },
};
