// The translation, always in view: source above, output below, and between them the edges of the chosen head.

import { html, svg, replace, button, arcs, strongest } from "any2any/draw";
import { kinds, layers, nameOf } from "any2any/attention";
import { canonical, floats } from "any2any/api";
import { distribution, percent, weightText } from "any2any/numbers";
import { highlightOf, overlaid } from "any2any/highlight";
import { figureOf } from "any2any/media";

/** @import { App, Look } from "any2any/types" */

/** @param {App} app */
export function showStage(app, root) {
  const source = lane("Source", "source");
  const target = lane("Output", "target");
  const lines = svg("g");
  const overlay = svg("svg", { class: "stage-arcs", "aria-hidden": "true" }, lines);
  const figures = { source: null, target: null };
  let drawn = "";                                                 // which question the source figure belongs to
  const gap = html("div", { class: "stage-gap" });
  replace(root, source, gap, target, controls(app), badge(app), overlay);

  function drawSource() {
    const { look } = app.state;
    source.hidden = !app.task()?.source;
    const question = canonical([app.state.run, app.state.checkpoint, app.state.task, app.state.input, app.state.window]);
    if (!look?.source || question === drawn) return;
    drawn = question;
    figures.source = figureOf({ ...look.source, side: "source", size: "small", onHover: hover("source"), tell: (position) => attentionTo(app, position) });
    replace(source.content, figures.source.element);
  }

  function drawTarget() {
    const { look } = app.state;
    if (!look) return app.ready() ? null : replace(target.content, html("span", { class: "empty" }, invitation(app)));
    figures.target = figureOf({
      view: isText(look.target.view) ? null : look.target.view,
      positions: look.target.positions,
      side: "target",
      size: "small",
      onHover: hover("target"),
      onPick: (position) => app.choose(position === app.state.chosen ? null : position),
      tell: (position) => probabilityOf(app, position),
    });
    replace(target.content, figures.target.element);
    if (figures.target.element.classList.contains("tokens")) figures.target.element.append(...nextWord(app));
  }

  const hover = (side) => (position) => app.set({ hover: position === null ? null : { side, position } });

  function lightUp() {
    const { look, head, hover: place, chosen, masked } = app.state;
    if (!look) return;
    const at = place ?? standing(app);
    const highlight = highlightOf(look, head, at);
    figures.source?.paint(highlight.source);
    figures.target?.paint(highlight.target);
    figures.source?.mark({ hover: place?.side === "source" ? place.position : null, masked });
    figures.target?.mark({ hover: place?.side === "target" ? place.position : null, chosen });
    drawArcs(overlaid(app, at) ?? highlight.edges.map((edge) => ({ ...edge, head })));
  }

  /** @param {(import("any2any/highlight").Edge & { head: import("any2any/state").Head|null, colour?: string })[]} edges */
  function drawArcs(edges) {
    const frame = root.getBoundingClientRect();
    overlay.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const lanes = { source: source.content.getBoundingClientRect(), target: target.content.getBoundingClientRect() };
    const placed = strongest(edges).map((edge) => place(edge, figures, lanes, frame)).filter(Boolean);
    arcs(lines, placed, { colour: edges[0]?.from.side === "source" ? "var(--source)" : "var(--target)" });
  }

  app.on("change", (keys) => {
    const anew = ["look", "task", "run", "theme"].some((key) => keys.has(key));
    if (keys.has("theme")) drawn = "";
    if (anew) { drawSource(); drawTarget(); }
    if (anew || ["hover", "chosen", "head", "masked", "overlay"].some((key) => keys.has(key))) lightUp();
  });
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--stage", `${root.offsetHeight}px`);      // what sticks below it
    lightUp();
  }).observe(root);
  for (const { content } of [source, target]) content.addEventListener("scroll", lightUp, { passive: true });
  drawSource();
  drawTarget();
}

/** The highlight while the pointer rests: the chosen output, or the one that was just written.
 * @param {App} app @returns {import("any2any/state").Place|null} */
function standing(app) {
  const position = app.position();
  return position >= 0 && (app.state.chosen !== null || app.state.playing || app.task().target.tokens)
    ? { side: "target", position } : null;
}

/** How much attention the output in view pays to a position of the source. A position that is pointed at is itself what the
 * others are lit by. @param {App} app @param {number} position */
function attentionTo(app, position) {
  const { look, head } = app.state;
  const from = standing(app);
  const weights = look && highlightOf(look, head, from).source;
  if (!weights) return null;
  return `attention ${weightText(weights[position])} from “${look.target.positions[from.position]?.label ?? `position ${from.position + 1}`}”`;
}

/** @param {App} app @param {number} position */
function probabilityOf(app, position) {
  const { log_probability: logarithm } = app.state.look?.target.positions[position] ?? {};
  return logarithm == null ? null : `probability ${percent(Math.exp(logarithm))}`;
}

const isText = (view) => view !== null && "text" in (view ?? {});

function lane(title, side) {
  const content = html("div", { class: "lane-content" });
  const element = html("div", { class: `lane ${side}` }, html("span", { class: "lane-title" }, title), content);
  return Object.assign(element, { content });
}

/** The next token, not yet written: a click writes it. @param {App} app */
function nextWord(app) {
  const { look, tokens } = app.state;
  if (!look.logits || app.finished() || look.logits.shape[0] <= tokens.length || !app.state.vocabulary) return [];
  const { after, order } = distribution(app.logits(tokens.length), app.decoding());
  return [html("button", { type: "button", onclick: () => app.step(), class: "chip target ghost", title: `Write the next token (likeliest: ${app.label(order[0])}, ${percent(after[order[0]])})` }, app.label(order[0]))];
}

/** @param {App} app */
function invitation(app) {
  if (!app.currentRun()) return "No run is open.";
  return app.task() ? "Give the model something to translate: see Source." : "This run has no model to ask yet.";
}

// ---- the altered model ----

/** Panels that ask the model as it was trained, whatever is hidden or silent. */
const INTACT = ["beam", "memory", "compare", "training", "sweep"];

/** Sections of Research that do so, too. */
const INTACT_SECTIONS = ["neighbours", "samples"];

const isIntact = ({ panel, research }) => INTACT.includes(panel) || (panel === "research" && INTACT_SECTIONS.includes(research));

/** A badge that stands wherever something is taken away from the model, with the way back. @param {App} app */
function badge(app) {
  const words = html("span");
  const element = html("div", { class: "altered", role: "status" }, words,
    button("Give all back", () => app.set({ masked: [], ablated: [], edited: [] }), { class: "small", title: "Hide nothing, let every head speak, and look where it was trained to" }));
  const say = () => {
    const { masked, ablated, edited } = app.state;
    const taken = [counted(masked.length, "position hidden", "positions hidden"), counted(ablated.length, "head silent", "heads silent"),
      counted(edited.length, "change of attention", "changes of attention")];
    element.hidden = masked.length + ablated.length + edited.length === 0;
    replace(words, html("strong", {}, "Altered model"), `: ${taken.filter(Boolean).join(", ")}. `,
      isIntact(app.state) ? "This tab shows the model as it was trained." : "All on this tab is of the altered model.");
  };
  app.on("change", (keys) => { if (["masked", "ablated", "edited", "panel", "research"].some((key) => keys.has(key))) say(); });
  say();
  return element;
}

const counted = (count, one, many) => (count === 0 ? null : `${count} ${count === 1 ? one : many}`);

// ---- controls ----

/** @param {App} app */
function controls(app) {
  const play = button("▶", () => app.play(), { title: "Play (space)", class: "primary" });
  const head = html("select", { "aria-label": "Attention that is shown", onchange: () => app.set({ head: JSON.parse(head.value) }) });
  const note = html("span", { class: "stage-note", role: "status" });
  const listHeads = () => {
    replace(head, headOptions(app.state.look, app.state.head));
    head.hidden = head.children.length === 0;
  };
  const say = () => { note.textContent = noteOf(app); };
  app.on("change", (keys) => {
    if (keys.has("playing")) play.textContent = app.state.playing ? "❚❚" : "▶";
    if (keys.has("look") || keys.has("head")) listHeads();
    if (["look", "chosen", "busy", "tokens"].some((key) => keys.has(key))) say();
  });
  listHeads();
  return html("div", { class: "stage-controls" },
    html("div", { class: "transport", role: "group", "aria-label": "Steps" },
      button("◀◀", () => app.restart(), { title: "Back to the beginning (Home)" }),
      button("◀", () => app.stepBack(), { title: "One step back (left arrow)" }),
      play,
      button("▶▏", () => app.step(), { title: "One step on (right arrow)" }),
      button("▶▶", () => app.translate(app.finished() ? [] : app.state.tokens), { title: "Write to the end (End)" })),
    head, note);
}

/** @param {Look} look */
function headOptions(look, chosen) {
  return kinds(look).map(({ stack, kind, title }) => html("optgroup", { label: title },
    layers(look, stack, kind).flatMap((entry) => {
      const heads = floats(entry.weights).shape[0];
      const names = ["mean", ...Array.from({ length: heads }, (_, i) => i)];
      return names.map((name) => headOption({ stack, kind, layer: entry.layer, head: name }, chosen));
    })));
}

function headOption(head, chosen) {
  const value = JSON.stringify(head);
  return html("option", { value, selected: value === JSON.stringify(chosen) }, nameOf(head));
}

/** @param {App} app */
function noteOf(app) {
  if (app.state.busy) return "thinking …";
  const position = app.position();
  const at = app.state.look?.target.positions[position];
  if (!at) return "";
  const sure = at.log_probability == null ? "" : `, probability ${percent(Math.exp(at.log_probability))}`;
  return `${position + 1} of ${app.count()}${sure}`;
}

// ---- arcs ----

/** @param {import("any2any/highlight").Edge & { head: import("any2any/state").Head|null, colour?: string }} edge
 * @returns {import("any2any/draw/arcs").Edge|null} */
function place({ from, to, weight, head, colour }, figures, lanes, frame) {
  const start = figures[from.side]?.anchor(from.position);
  const end = figures[to.side]?.anchor(to.position);
  if (!start || !end || hidden(start, lanes[from.side]) || hidden(end, lanes[to.side])) return null;
  const within = from.side === to.side;
  const down = from.side === "source";
  return {
    weight,
    colour,
    bow: within ? (down ? 1 : -1) : 0,
    from: point(start, down ? "bottom" : "top", frame),
    to: point(end, (to.side === "source") ? "bottom" : "top", frame),
    title: head ? `${nameOf(head)}: ${weight.toFixed(3)}` : null,
  };
}

/** True if a position is scrolled out of its lane. */
const hidden = (box, lane) => box.bottom < lane.top || box.top > lane.bottom || box.right < lane.left || box.left > lane.right;

function point(box, edge, frame) {
  return { x: box.left + box.width / 2 - frame.left, y: box[edge] - frame.top };
}
