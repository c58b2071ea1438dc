// Chapter 9: any medium to any medium. A grid of sources and targets; each cell that a run at hand can fill shows what a
// model makes of a sample.

import { html, replace } from "any2any/draw";
import { thumbnail } from "any2any/media/thumbnail";
import { Missing, examplesOf, firstAnswered, tellers, viewOf } from "any2any/story/examples";

/** @import { Teller } from "any2any/story/examples" */
/** @import { View } from "any2any/types" */

const NAMES = { text: "text", image: "picture", audio: "sound", eeg: "EEG" };
const COMMAND = "any2any train configs/universal.yaml";

/** @type {import("any2any/story/chapters").Chapter} */
export const chapter = {
  id: "media",
  title: "Any medium to any medium",
  steps: 3,
  text: (link) => ["An encoder turns ", link("any source", 1), " into a sequence of vectors, and a decoder turns vectors into ", link("any target", 2),
    ". So the same transformer fills ", link("every cell of this grid", 0), " that somebody has data for. An empty cell is a task that none of these runs has learned."],
  async open({ app, isOpen }) {
    const all = tellers(app);
    if (all.length === 0) throw new Missing("None of these runs has a model.", COMMAND);
    const media = (side) => [...new Set([...Object.keys(NAMES).filter((name) => all.some(({ task }) => task[side]?.medium === name)),
      ...all.map(({ task }) => task[side]?.medium).filter(Boolean)])];
    const [sources, targets] = [media("source"), media("target")];
    const cell = (source, target) => html("div", { class: "story-cellbox", role: "cell", "data-source": source, "data-target": target });
    const row = (...cells) => html("div", { role: "row" }, cells);
    const element = html("div", {
      class: "story-media", role: "table", "aria-label": "What the runs at hand make of each medium",
      style: { gridTemplateColumns: `5em repeat(${targets.length}, minmax(0, 1fr))` },
    }, row(html("div", { role: "cell" }), targets.map((target) => html("div", { role: "columnheader" }, `→ ${nameOf(target)}`))),
    sources.map((source) => row(html("div", { role: "rowheader" }, nameOf(source)), targets.map((target) => cell(source, target)))));
    fill(element, all, isOpen);
    return {
      element,
      credit: [...new Set(all.map(({ run }) => run.name))].join(" · "),
      show: (step) => { element.dataset.lit = ["all", "sources", "targets"][step]; },
    };
  },
};

const nameOf = (medium) => NAMES[medium] ?? medium;

/** Fills the cells one after the other with the first task that can. @param {HTMLElement} table @param {Teller[]} all @param {() => boolean} isOpen */
async function fill(table, all, isOpen) {
  for (const cell of /** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll("[data-source]"))) {
    const able = all.filter(({ task }) => task.source?.medium === cell.dataset.source && task.target.medium === cell.dataset.target);
    if (able.length === 0) {
      replace(cell, html("span", { class: "soft" }, "–"));
      continue;
    }
    for (const teller of able) {
      if (!isOpen()) return;
      try {
        const examples = await examplesOf(teller);
        await firstAnswered(examples, async (example) => {
          const output = await viewOf(example);
          replace(cell, small(example.source), html("span", { class: "story-to" }, "→"), small(output), html("small", {}, teller.task.name));
        });
        break;
      } catch (error) {
        replace(cell, html("span", { class: "soft", title: error.message }, "no data at hand"));
      }
    }
  }
}

/** @param {View} view */
const small = (view) => html("span", { class: view.text === undefined ? "story-sample" : "story-sample words" }, thumbnail(view));
