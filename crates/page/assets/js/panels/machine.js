// The figure of the paper with this model's shapes and activations, each part of which opens, and a tour of it for a
// first-time reader.

import { html, button, replace, segmented, downloads } from "any2any/draw";
import { api, canonical } from "any2any/api";
import { architectureOf, blocks } from "any2any/machine/architecture";
import { drawFigure } from "any2any/machine/figure";
import { isWhole, readActivations } from "any2any/machine/activations";
import { detail, welcome } from "any2any/machine/inspector";
import { card, stops } from "any2any/machine/tour";

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "machine",
  title: "The machine itself",
  hint: "The figure of the paper, with this model's own shapes and numbers flowing through it. Open a part, or take the tour if you have never seen one.",
  mount(root, app) {
    new MachinePanel(root, app).start();
  },
};

const FLOWING = ["run", "checkpoint", "task", "input", "tokens", "look"];

class MachinePanel {
  /** folded: one layer stands for all; whole: as small as the screen is high; stop: number of the tour's stop, null outside of the tour */
  view = { part: null, head: 0, query: null, layer: 0, folded: true, whole: false, stop: null };
  asked = null;                      // { question, tokens, parts, whole }: the last answer
  request = null;                    // { key, controller }: what is on its way
  chose = false;                     // whether the tour has chosen the word that is explained
  given = null;                      // what figure and texts are drawn from

  /** @param {HTMLElement} root @param {import("any2any/types").App} app */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.bar = html("div", { class: "row machine-bar" });
    this.figure = html("div", { class: "machine-figure" });
    this.pane = html("div", { class: "card machine-pane" });
    this.body = html("div", { class: "machine-body" }, this.figure, this.pane);
    root.append(this.bar, this.body);
  }

  start() {
    this.app.on("change", (keys) => {
      if (FLOWING.some((key) => keys.has(key))) this.ask();
      else if (keys.has("theme") || keys.has("chosen") || keys.has("vocabulary")) this.read();
      else if (keys.has("hover")) this.drawn?.remark();
    });
    new ResizeObserver(([{ contentRect: { width } }]) => {
      if (width > 0 && Math.abs(width - (this.width ?? 0)) > 4) this.drawFigure();
    }).observe(this.figure);
    // Captured before the page's own keys, which would write another word.
    document.addEventListener("keydown", (event) => this.tourByKeys(event), true);
    this.ask();
  }

  /** Requests the activations, unless they are there or on their way. */
  async ask() {
    const { app } = this;
    if (!app.ready()) return this.show(null);
    if (this.isAnswered()) return this.read();
    const { tokens } = app.state;
    const question = canonical(app.request(app.alteration()));
    const body = app.request({ ...app.alteration(), ...(app.task().target.tokens ? { tokens } : {}) });
    const key = canonical(body);
    if (this.request?.key === key) return;
    this.request?.controller.abort();
    const mine = (this.request = { key, controller: new AbortController() });
    await app.attempt(async () => {
      const { parts } = await api.machine(body, mine.controller.signal);
      if (mine !== this.request) return;
      this.asked = { question, tokens, parts, whole: isWhole(parts) };
      this.read();
    });
    if (mine === this.request) this.request = null;
  }

  /** True if the last answer contains the answer to the present question. */
  isAnswered() {
    const { app, asked } = this;
    if (asked?.question !== canonical(app.request(app.alteration()))) return false;
    if (!app.task().target.tokens) return true;
    const { tokens } = app.state;
    const isBeginning = tokens.length <= asked.tokens.length && tokens.every((token, i) => token === asked.tokens[i]);
    return isBeginning && (asked.whole || tokens.length === asked.tokens.length);
  }

  /** Reads the answer for the drawing, once the look at the same tokens is there too. */
  read() {
    const { app, asked } = this;
    const { look, tokens, vocabulary } = app.state;
    const model = app.currentRun()?.model;
    const task = app.task();
    if (!model || !task || !look || !app.ready() || !this.isAnswered()) return;
    if (task.target.tokens && (!vocabulary || look.target.positions.length !== tokens.length)) return;
    const activations = readActivations(asked, { app, look, task });
    const drawn = architectureOf(activations, model);
    this.show({
      activations, model, task, app, view: this.view, architecture: drawn, all: blocks(drawn), perPosition: task.per_position,
      open: (key) => this.open(key), setHead: (head) => this.change({ head }), setQuery: (query) => this.change({ query }),
      setLayer: (layer) => this.change({ layer, part: null }),
    });
  }

  show(given) {
    this.given = given;
    this.root.classList.toggle("machine-empty", !given);
    if (!given) {
      replace(this.bar);
      replace(this.figure);
      replace(this.pane, html("p", { class: "empty" }, "Give the model something to read, and it shows here how it works."));
      return;
    }
    const layers = Math.max(given.model.encoder_layers, given.model.decoder_layers);
    this.view.layer = Math.min(this.view.layer, layers - 1);
    this.drawBar(layers);
    this.figure.classList.toggle("whole", this.view.whole);
    this.drawFigure();
    this.drawPane();
  }

  change(patch) {
    Object.assign(this.view, patch);
    if (this.given) this.show(this.given);
  }

  open(key) {
    this.change({ part: key, stop: null, query: null });
    this.pane.querySelector("h3")?.focus({ preventScroll: matchMedia("(min-width: 60rem)").matches });
  }

  drawBar(layers) {
    const touring = this.view.stop !== null;
    const label = touring ? "End the tour" : "Take the tour";
    const layer = (i) => ({ value: i, label: String(i + 1), title: `Show layer ${i + 1}` });
    replace(this.bar,
      button(label, () => (touring ? this.leave() : this.go(0)), {
        class: "primary tour-button", title: touring ? label : "A tour of the figure, in about ten stops",
      }),
      layers > 1 ? segmented({
        label: "Layers", value: this.view.folded, onchange: (folded) => this.change({ folded, part: null }),
        options: [
          { value: true, label: "folded", title: "One layer stands for all, as in the paper" },
          { value: false, label: `all ${layers} layers`, title: "Draw every layer" },
        ],
      }) : null,
      layers > 1 && this.view.folded ? segmented({
        label: "Which layer", value: this.view.layer, onchange: (at) => this.change({ layer: at, part: null }),
        options: Array.from({ length: layers }, (_, i) => layer(i)),
      }) : null,
      segmented({
        label: "Size", value: this.view.whole, onchange: (whole) => { this.change({ whole }); if (whole) this.figure.scrollIntoView({ block: "end" }); },
        options: [
          { value: false, label: "readable", title: "As large as its words need" },
          { value: true, label: "whole", title: "All of it on one screen" },
        ],
      }),
      downloads({ name: "machine", figure: () => this.figure.querySelector("svg"), data: () => this.asked.parts }));
  }

  drawFigure() {
    if (!this.given) return;
    this.width = this.figure.clientWidth;
    const focused = this.figure.contains(document.activeElement) ? document.activeElement.getAttribute("data-key") : null;
    this.drawn = drawFigure(this.given, Math.max(316, Math.min(620, this.width - 2)));
    const drawn = this.drawn.element;
    replace(this.figure, drawn);
    const again = focused && drawn.querySelector(`[data-key="${CSS.escape(focused)}"][role=button]`);
    if (again instanceof SVGElement) again.focus({ preventScroll: true });
    const stop = this.stop();
    drawn.classList.toggle("touring", Boolean(stop));
    if (stop) this.light(drawn, stop);
  }

  /** Dims the parts that a stop is not about. */
  light(drawn, stop) {
    const byKey = new Map(this.given.all.map((block) => [block.key, block]));
    for (const each of drawn.querySelectorAll("[data-key]")) {
      const { key } = each.dataset;
      const name = each.classList.contains("carry") ? `${key}.carry` : key;
      each.classList.toggle("dimmed", !stop.lit(name, byKey.get(key) ?? null));
    }
  }

  /** Scrolls to the parts that a stop is about: in the figure if that scrolls, else on the page. */
  bringIntoView() {
    const above = document.getElementById("stage");
    // A stage that scrolls away covers nothing.
    const stage = above && getComputedStyle(above).position === "sticky" ? above.getBoundingClientRect().bottom : 0;
    const scrolls = this.figure.scrollHeight > this.figure.clientHeight + 4;
    if (scrolls) window.scrollBy({ top: this.figure.getBoundingClientRect().top - Math.max(0, stage) - 8, behavior: "instant" });
    const lit = [...this.figure.querySelectorAll("[data-key]:not(.dimmed)")].map((each) => each.getBoundingClientRect());
    if (lit.length === 0) return;
    const top = Math.min(...lit.map((box) => box.top));
    const bottom = Math.max(...lit.map((box) => box.bottom));
    const frame = this.figure.getBoundingClientRect();
    const [from, to] = scrolls ? [frame.top, frame.bottom] : [Math.max(0, stage), innerHeight];
    if (top >= from && bottom <= to) return;
    const by = bottom - top > to - from ? top - from - 12 : (top + bottom) / 2 - (from + to) / 2;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    (scrolls ? this.figure : window).scrollBy({ top: by, behavior });
  }

  stop() {
    // Another model may have fewer stops.
    return this.view.stop === null ? null : stops(this.given)[this.view.stop] ?? stops(this.given).at(-1);
  }

  drawPane() {
    const { given, view } = this;
    this.root.classList.toggle("tour", view.stop !== null);
    const stop = this.stop();
    const opened = given.all.find(({ key }) => key === view.part);
    if (stop) {
      const of = stops(given).length;
      const [go, leave] = [(to) => this.go(to), () => this.leave()];
      replace(this.pane, card({ stop, at: Math.min(view.stop, of - 1), of, given, go, leave, open: given.open }));
    } else if (opened) replace(this.pane, detail(opened, given));
    else replace(this.pane, welcome(given, () => this.go(0)));
  }

  go(stop) {
    // The newest token is often the end, which tells little: a token in the middle makes a better example.
    if (this.view.stop === null && this.app.state.chosen === null && this.app.count() > 2) {
      this.chose = true;
      this.app.choose(Math.floor(this.app.count() / 2));
    }
    const of = stops(this.given).length;
    this.change({ stop: Math.max(0, Math.min(of - 1, stop)), part: null });
    this.pane.scrollTop = 0;
    this.pane.querySelector("h3")?.focus({ preventScroll: true });
    this.bringIntoView();
  }

  leave() {
    this.change({ stop: null });
    if (this.chose) this.app.choose(null);
    this.chose = false;
    /** @type {HTMLElement|null} */ (this.bar.querySelector(".tour-button"))?.focus();
  }

  tourByKeys(event) {
    if (this.view.stop === null || this.root.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select") || event.target.closest("[role=tablist], dialog")) return;
    const { stop } = this.view;
    const acts = { ArrowRight: () => this.go(stop + 1), ArrowLeft: () => this.go(stop - 1), Escape: () => this.leave() };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}
