// The page's start: joins state, server and panels.

import { state, set, on, announce } from "any2any/state";
import { api } from "any2any/api";
import { actions, panelFor, questions } from "any2any/actions";
import { firstHead, matrixOf } from "any2any/attention";
import { html, useTheme } from "any2any/draw";
import { keepInspected } from "any2any/inspection";
import { readLink, keepLink, forgetToken } from "any2any/permalink";
import { showPanels } from "any2any/panels";
import { showHeader } from "any2any/header";
import { showStage } from "any2any/stage";
import { listenToKeys } from "any2any/keyboard";
import { openDoor } from "any2any/door";
import { explainTerms } from "any2any/glossary";

const initial = structuredClone(state);

/** The app that every panel gets: the state, its actions, and questions about it. */
const shared = { state, set, on };
const known = Object.assign(shared, questions(shared));
const app = Object.assign(known, actions(known));

async function start() {
  forgetToken();
  const link = readLink();
  set({ theme: link.theme ?? "auto" });
  keepTheme();
  const panels = () => showPanels(app, document.getElementById("tabs"), document.getElementById("panels"));
  // The text of the story needs no run, and runs take a while to be looked through.
  const early = (link.panel ?? document.documentElement.dataset.opens) === "story";
  if (early) {
    set({ panel: "story", ...(link.story ? { story: link.story } : {}) });
    panels();
  }
  await app.attempt(async () => set({ runs: toldApart(await api.runs()) }));
  set(chosenBy(link));
  keepHead();
  keepInspected(app);
  showHeader(app, document.getElementById("header"));
  showStage(app, document.getElementById("stage"));
  if (!early) panels();
  listenToKeys(app);
  skipTo(document.getElementById("panels"));
  keepLink(app, initial);
  addEventListener("hashchange", () => {
    set({ ...initial, runs: state.runs, ...chosenBy(readLink()) });
    app.begin();
  });
  explainTerms(document.getElementById("panels"));
  await app.begin();
  if (Object.keys(link).length === 0 && !document.documentElement.dataset.opens) await openDoor(app, document.getElementById("panels"));
}

/** The choices of the link; without a valid run in it, the first run that has a model. */
function chosenBy(link) {
  const first = (state.runs.find(({ model }) => model) ?? state.runs[0])?.number ?? 0;
  const run = link.run ?? first;
  const panel = (number) => link.panel ?? document.documentElement.dataset.opens ?? panelFor(state.runs.find((each) => each.number === number), initial.panel);
  if (state.runs.some(({ number }) => number === run)) return { ...link, run, task: link.task ?? firstTask(run), panel: panel(run) };
  return { run: first, task: firstTask(first), panel: panel(first) };
}

/** Calls runs with equal names by their folders. */
function toldApart(runs) {
  const shared = ({ name }) => runs.filter((each) => each.name === name).length > 1;
  return runs.map((run) => (shared(run) && run.folder ? { ...run, name: run.folder } : run));
}

/** A link before everything else, by which keyboards reach the open panel. It leaves the address alone, which is the page's state. */
function skipTo(panels) {
  panels.tabIndex = -1;
  const skip = (event) => { event.preventDefault(); panels.focus(); };
  document.body.prepend(html("a", { class: "skip", href: "#panels", onclick: skip }, "Skip to the figures"));
}

const firstTask = (run) => state.runs.find(({ number }) => number === run)?.model?.tasks[0]?.number ?? 0;

/** Chooses a head as soon as there is one, and another if a model lacks the chosen one. */
function keepHead() {
  on("change", (keys) => {
    if (keys.has("look") && state.look && !matrixOf(state.look, state.head)) set({ head: firstHead(state.look) });
  });
}

function keepTheme() {
  on("change", (keys) => { if (keys.has("theme")) useTheme(state.theme); });
  // Canvases contain their colours, so they must be drawn again when the system's theme changes.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => announce(new Set(["theme"])));
  useTheme(state.theme);
}

start();
