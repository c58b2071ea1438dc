// The beam search as a tree: all tokens that it considered, their scores, and the finished hypotheses.

import { answersAnew, api } from "any2any/api";
import { html, svg, replace, button, slider, segmented, downloads } from "any2any/draw";
import { dragToScroll } from "any2any/draw/scroll";
import { drawTree } from "any2any/beam/figure";
import { pathTo } from "any2any/beam/layout";
import { rankingOf } from "any2any/beam/ranking";
import { reading } from "any2any/beam/reading";
import { recorded } from "any2any/recording";

/** A tree with more dropped branches than this starts folded. */
const MANY = 60;

const isDropped = ({ fate }) => fate === "pruned";

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "beam",
  title: "The beam as a tree",
  hint: "Beam search follows several beginnings of a sentence at once and keeps the best few at each step. Lines are "
    + "as thick as a token was probable; what was dropped is faint.",
  mount(root, app) {
    const search = { size: 4, length_penalty: 1, after: "begin", of: null };
    const open = { all: true, except: new Set() };                // which nodes show what was dropped there
    let tree = null;
    let missing = "";                                             // why there is none
    let drawing = null;
    let request = null;
    let timer = 0;

    const knobs = html("div", { class: "controls" });
    const folds = button("", () => { open.all = !open.all; open.except.clear(); draw(); }, { class: "quiet" });
    const figure = svg("svg", { class: "beam", role: "group", "aria-label": "Beam search" });
    const save = downloads({ name: "beam", figure: () => figure, data: () => tree });
    const scroller = dragToScroll(html("div", { class: "figure tree" }, figure));
    const below = html("div", { class: "reading" });
    const ranking = html("div", { class: "ranking" });
    const filled = html("div", { class: "stack" }, scroller, below, ranking);
    const empty = html("p", { class: "empty" });
    replace(root, knobs, empty, filled);

    /** Begins with the options of the run's experiment, and keeps those that a person then chose. */
    function controls() {
      const key = `${app.state.run} ${app.state.task}`;
      if (search.of === key) return;
      const { size = 4, length_penalty = 1 } = app.task().decoding?.beam ?? {};
      Object.assign(search, { of: key, size, length_penalty });
      replace(knobs, answersAnew(app.state.run) ? searchKnobs(search, later, ask) : null, folds, save);
    }

    function later() {
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    }

    async function ask() {
      request?.abort();
      missing = "";
      if (!app.ready() || !app.task().target.tokens) return say();
      controls();
      const mine = (request = new AbortController());
      scroller.classList.add("waiting");
      await recorded(app, async () => {
        const { size, length_penalty } = search;
        const answer = await api.beam(app.request({ size, length_penalty, prefix: prefix() }), mine.signal);
        if (mine === request) take(answer);
      }, (words) => { tree = null; missing = words; });
      if (mine !== request) return;
      scroller.classList.remove("waiting");
      say();
    }

    function prefix() {
      if (search.after === "begin") return [];
      const { tokens, vocabulary } = app.state;
      return tokens.slice(0, app.position() + 1).filter((token) => token !== vocabulary?.end);
    }

    function take(answer) {
      tree = answer;
      open.all = tree.nodes.filter(isDropped).length <= MANY;
      open.except.clear();
      below.style.minHeight = "";
      draw();
    }

    function say() {
      const words = !app.ready() ? "Give the model something to translate: see Source."
        : app.task().target.tokens ? missing
          : "This task writes frames, one after the other, and has no choices to search among.";
      empty.textContent = words;
      empty.hidden = words === "";
      filled.hidden = words !== "" || tree === null;
    }

    function draw() {
      const dropped = tree.nodes.filter(isDropped).length;
      folds.textContent = `${open.all ? "Fold" : "Show"} the ${dropped} dropped`;
      folds.hidden = dropped === 0;
      drawing = drawTree(figure, tree, {
        folded: (id) => open.all === open.except.has(id),
        onFold: (id) => { if (!open.except.delete(id)) open.except.add(id); draw(); },
        onShow: show,
        onTake: write,
      });
      replace(ranking, rankingOf(tree, search.length_penalty, { onShow: show, onTake: write }));
      show(null);
    }

    /** Lights the path to a node and explains it below; without a pointer, that of the best hypothesis. */
    function show(id) {
      const path = pathTo(tree, id ?? tree.best[0]);
      drawing.show(new Set(path.map((node) => node.id)), id);
      for (const row of ranking.querySelectorAll("[data-end]")) {
        row.classList.toggle("on", Number(row.getAttribute("data-end")) === id);
      }
      replace(below, reading(path, search.length_penalty, id !== null));
      // It never shrinks, so that things under the pointer stay there.
      below.style.minHeight = `${below.scrollHeight}px`;
    }

    /** Makes the path to a node the output of the page. */
    function write(id) {
      const tokens = pathTo(tree, id).map(({ token }) => token).filter((token) => token !== null);
      app.set({ tokens, chosen: null, playing: false });
    }

    app.on("change", (keys) => {
      if (["run", "checkpoint", "task", "input"].some((key) => keys.has(key))) ask();
      else if (search.after === "chosen" && (keys.has("chosen") || keys.has("tokens"))) later();
      else if (keys.has("theme") && tree) draw();
    });
    ask();
  },
};

function searchKnobs(search, later, ask) {
  const knob = (name, options) =>
    slider({ ...options, value: search[name], onchange: (value) => { search[name] = value; later(); } });
  return [
    knob("size", { label: "Beam size", min: 1, max: 12, step: 1 }),
    knob("length_penalty", { label: "Length penalty", min: 0, max: 2, step: 0.1, format: (value) => value.toFixed(1) }),
    segmented({
      label: "Where the search begins",
      value: search.after,
      onchange: (after) => { search.after = after; ask(); },
      options: [
        { value: "begin", label: "From the beginning", title: "Search the whole output" },
        { value: "chosen", label: "After the chosen word", title: "Keep the output up to the chosen word, and go on from it" },
      ],
    }),
  ];
}
