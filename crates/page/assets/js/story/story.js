// The story: one chapter at a time, beside its figure; steps by keys, by the links of the text, and by the buttons below.

import { html, button, replace } from "any2any/draw";
import { Animation } from "any2any/story/animation";
import { CHAPTERS } from "any2any/story/chapters";
import { Missing } from "any2any/story/examples";

/** @import { App } from "any2any/types" */

/** Steps of the story by key: presenters' clickers send PageDown and PageUp. */
const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

export class Story {
  animation = new Animation();
  opened = -1;                       // number of the chapter whose figure is there or on its way
  /** @type {import("any2any/story/chapters").Figure|null} */
  figure = null;

  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.text = html("div", { class: "story-text" });
    this.place = html("div", { class: "story-figure" });
    this.credit = html("p", { class: "story-credit" });
    this.marks = CHAPTERS.map(({ title }, i) => html("button", {
      type: "button", class: "story-mark", title: `${i + 1}. ${title}`, "aria-label": `Chapter ${i + 1}: ${title}`, onclick: () => this.go(i, 0),
    }, String(i + 1)));
    this.pause = button("pause", () => this.togglePause(), { class: "quiet", title: "Pause the animation, or go on (space)" });
    replace(root,
      html("article", { class: "story-page" }, this.text, this.place),
      html("nav", { class: "story-bar", "aria-label": "Chapters" },
        button("←", () => this.step(-1), { class: "quiet", title: "Back (←)" }), this.marks,
        button("→", () => this.step(1), { class: "quiet", title: "On (→)" }), this.pause,
        button("full screen", () => this.toggleFullScreen(), { class: "quiet", title: "Full screen (f)" }), this.credit));
  }

  start() {
    // Captured before the page's own keys, which would write another word.
    document.addEventListener("keydown", (event) => this.byKeys(event), true);
    this.app.on("change", (keys) => {
      if (keys.has("runs")) this.redraw();
      else if (keys.has("story")) this.show();
      else if (keys.has("theme")) this.redraw();
    });
    this.show();
  }

  /** Where the story stands, whatever a link says. */
  where() {
    const { story } = this.app.state;
    const chapter = Math.max(0, Math.min(CHAPTERS.length - 1, Math.trunc(story?.chapter) || 0));
    return { chapter, step: Math.max(0, Math.min(CHAPTERS[chapter].steps - 1, Math.trunc(story?.step) || 0)) };
  }

  go(chapter, step) {
    this.app.set({ story: { chapter, step } });
  }

  /** One step on or back, into the next or the last chapter. */
  step(by) {
    const { chapter, step } = this.where();
    if (step + by >= 0 && step + by < CHAPTERS[chapter].steps) return this.go(chapter, step + by);
    const next = chapter + by;
    if (next >= 0 && next < CHAPTERS.length) this.go(next, by > 0 ? 0 : CHAPTERS[next].steps - 1);
  }

  show() {
    const { chapter, step } = this.where();
    if (chapter !== this.opened) return this.open(chapter);
    this.showStep(step);
  }

  redraw() {
    this.opened = -1;
    this.show();
  }

  async open(number) {
    this.opened = number;
    this.animation.stop();
    this.figure = null;
    const chapter = CHAPTERS[number];
    this.marks.forEach((mark, i) => mark.setAttribute("aria-current", i === number ? "step" : "false"));
    const links = [];
    const link = (words, step) => {
      // A link leads to the figure's state, as its address does; unlike a button, it breaks as the text around it.
      const href = `#${new URLSearchParams({ panel: JSON.stringify("story"), story: JSON.stringify({ chapter: number, step }) })}`;
      const go = (/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.go(number, step);
      };
      const element = html("a", { class: "story-link", href, "data-step": step, onclick: go }, words);
      links.push(element);
      return element;
    };
    replace(this.text, html("p", { class: "story-number" }, `${number + 1} of ${CHAPTERS.length}`), html("h3", {}, chapter.title), html("p", {}, chapter.text(link)));
    this.links = links;
    this.root.dataset.chapter = chapter.id;
    this.place.classList.add("waiting");
    this.credit.textContent = "";
    // Before the runs are known, the text stands alone.
    if (this.app.state.runs.length === 0) return;
    const isOpen = () => this.opened === number && !this.root.closest("[hidden]");
    try {
      const figure = await chapter.open({ app: this.app, animation: this.animation, isOpen });
      if (this.opened !== number) return;                         // someone has stepped on meanwhile
      this.figure = figure;
      replace(this.place, figure.element);
      this.credit.textContent = figure.credit;
    } catch (error) {
      if (this.opened !== number) return;
      replace(this.place, unfilled(error));
    }
    this.place.classList.remove("waiting");
    this.showStep(this.where().step);
  }

  showStep(step) {
    for (const link of this.links) link.setAttribute("aria-current", Number(link.dataset.step) === step ? "step" : "false");
    this.root.dataset.step = String(step);
    if (!this.figure) return;
    this.animation.stop();
    this.figure.show(step);
  }

  togglePause() {
    this.animation.toggle();
    this.pause.textContent = this.animation.paused ? "go on" : "pause";
    this.root.classList.toggle("paused", this.animation.paused);
  }

  toggleFullScreen() {
    const done = document.fullscreenElement ? document.exitFullscreen() : this.root.closest(".panel").requestFullscreen?.();
    done?.catch(() => {});                                        // a browser may forbid it; the story goes on in the window
  }

  /** @param {KeyboardEvent} event */
  byKeys(event) {
    const target = /** @type {Element} */ (event.target);
    if (this.root.closest("[hidden]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("dialog, [role=tablist], input, select, textarea, [role=application]")) return;
    const by = STEPS[event.key];
    if (by) this.step(by);
    else if (event.key === "f") this.toggleFullScreen();
    else if (event.key === "Home") this.go(0, 0);
    else if (event.key === "End") this.go(CHAPTERS.length - 1, 0);
    else if (event.key === " " && !target.matches("button, a, summary")) this.togglePause();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A chapter that cannot be filled says so. @param {Error & { help?: string, command?: string }} error */
function unfilled(error) {
  if (error instanceof Missing) return html("div", { class: "story-missing" }, html("p", {}, error.message), html("code", {}, error.command));
  return html("div", { class: "story-missing" }, html("p", {}, error.message), error.help ? html("p", {}, error.help) : null);
}
