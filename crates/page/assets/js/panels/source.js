// The input of the model, and ways to get another: samples of the data, or an input of one's own.

import { answersAnew, api, floats, bytes, base64 } from "any2any/api";
import { html, replace, button, framed } from "any2any/draw";
import { coveredCount, figureOf } from "any2any/media";
import { highlightOf } from "any2any/highlight";
import { fileField, inputOf } from "any2any/media/file";
import { record } from "any2any/media/record";
import { sketchPad } from "any2any/media/sketch";
import { thumbnail } from "any2any/media/thumbnail";

/** @import { App, Look } from "any2any/types" */

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "source",
  title: "What the model is given",
  hint: "The model never sees a sentence, a picture or a sound as we do: it sees a row of positions, each covering a small part. Pick a sample, or bring something of your own.",

  mount(root, app) {
    const figure = html("div");
    const own = html("div");
    const newest = html("output", { class: "newest", "aria-label": "Output so far" });
    const samples = sampleList(app);
    replace(root, figure, html("div", { class: "source-ways" }, own, samples.element));
    let shown = null;
    let maker = "";

    const redraw = () => {
      const { look } = app.state;
      shown = look?.source ? sourceFigure(app, look) : null;
      replace(figure, shown?.element ?? emptiness(app));
    };
    const remake = () => {
      const wanted = makerKey(app);
      if (wanted === maker || (app.ready() && !app.state.look)) return;     // what is being drawn stays while the model looks
      maker = wanted;
      replace(own, answersAnew(app.state.run) ? ownInput(app, newest) : null);
    };
    const announce = () => {
      const { newest: output } = app.state;
      newest.hidden = !output;
      replace(newest, output ? thumbnail(output.view) : null);
    };
    app.on("change", (keys) => {
      if (keys.has("look") || keys.has("theme")) { redraw(); remake(); }
      if (keys.has("run") || keys.has("task")) { redraw(); remake(); samples.reload(); }
      if (keys.has("input")) samples.mark();
      if (keys.has("newest")) announce();
      if (keys.has("hover") || keys.has("head")) shown?.light();
    });
    redraw();
    remake();
    announce();
    samples.reload();
  },
};

// ---- the figure ----

/** @param {App} app @param {Look} look */
function sourceFigure(app, look) {
  const { source } = look;
  const figure = figureOf({ ...source, side: "source", size: "large",
    onHover: (position) => app.set({ hover: position === null ? null : { side: "source", position } }) });
  const data = () => ({ positions: source.positions, frames: source.frames && floats(source.frames) });
  const controls = windowChoice(app, source.window);
  const element = framed({ title: titleOf(source), name: "source", note: noteOf(source), data, controls }, figure.element);
  const light = () => {
    const { hover, head } = app.state;
    figure.paint(hover ? highlightOf(app.state.look, head, hover).source : null);
    figure.mark({ hover: hover?.side === "source" ? hover.position : null, masked: app.state.masked });
  };
  light();
  return { element, light };
}

/** Steps through the windows of an input that is too long to be read at once. @param {App} app */
function windowChoice(app, window) {
  if (!window) return null;
  const { number, count, start, end } = window;
  const before = button("←", () => app.takeWindow(number - 1), { title: "The window before" });
  const after = button("→", () => app.takeWindow(number + 1), { title: "The window after" });
  before.disabled = number === 0;
  after.disabled = number === count - 1;
  const place = `window ${number + 1} of ${count}, from ${start.toFixed(1)} to ${end.toFixed(1)} s`;
  return html("span", { class: "controls windows" }, before, html("span", { class: "note number" }, place), after);
}

function titleOf({ positions, view }) {
  const what = "text" in view ? "tokens" : view.items ? "positions" : view.image ? "patches of the picture" : "positions in time";
  const covered = coveredCount(positions);
  const behind = view.signal && covered < positions.length ? `, ${covered} of them over the sound` : "";
  return `${positions.length} ${what}${behind}`;
}

/** The note of the figure: its explanation, and warnings about the value. */
function noteOf(source) {
  const lacking = source.unknown.length > 0 ? ` The model does not know all of: ${source.unknown.join(", ")}.` : "";
  const part = source.window ? " The whole is too long to be read at once: the model reads this window of it, and the others by themselves." : "";
  const odd = source.warnings.length > 0 ? ` Beware: ${source.warnings.join("; ")}.` : "";
  return shownIn(source) + part + lacking + odd;
}

function shownIn({ view, frames }) {
  if ("text" in view) return "Each chip is a token: a word, or a piece of one. Tokens that stand for nothing in the text, such as the end, are grey; a piece that the vocabulary lacks has a question mark and a dashed edge.";
  const width = frames ? ` Each is fed in as ${frames.shape[1]} numbers.` : "";
  if (view.items) return `Each chip is a position, with the items that it covers. Positions that stand for nothing in it, such as the end, are grey.${width}`;
  if (view.image) return `The grid shows the patches; read from left to right and from top to bottom, they are the model's sequence.${width}`;
  if (view.signal.channels.length > 2) return `Each line is a channel; a position covers a window of time over some channels.${width}`;
  return "Time runs to the right, high tones are at the top, and the loud ones stand out. The model's entrance merges several of these columns into one position. Silence that is appended up to the length that a model reads is not drawn.";
}

/** @param {App} app */
function emptiness(app) {
  if (app.task() && !app.task().source) {
    return html("p", { class: "empty" }, "This model reads no source: it goes on with what is written. Begin a text below, step through what follows, or force words in the tab Next word.");
  }
  const broken = app.currentRun()?.broken;
  if (broken) return html("p", { class: "empty" }, `This run cannot be read: ${broken}`);
  return html("p", { class: "empty" }, app.task() ? "Nothing is given yet. Bring something below." : "This run has no model yet; its training can be watched in the tab Training.");
}

// ---- an input of one's own ----

/** The key of the field for a new input, which is replaced only for another kind of input, so that no text or drawing is
 * lost.
 * @param {App} app */
function makerKey(app) {
  const task = app.task();
  const image = app.state.look?.source?.view?.image;
  return JSON.stringify([app.state.run, app.state.task, task?.source?.kind, image ? [image.width, image.height] : null]);
}

/** @param {App} app @param {HTMLElement} newest   the output of what is being made */
function ownInput(app, newest) {
  const { source, target } = app.task() ?? {};
  const card = (...ways) => html("section", { class: "card stack" }, html("h3", {}, "Your own"), ...ways);
  if (!source) return target?.kind === "text" ? card(beginningWay(app), newest) : null;
  const ways = { text: textWay, image: imageWay, signal: signalWay, items: () => null }[source.kind](app, source);
  return card(ways, newest, source.kind === "text" ? null : fileWay(app, source));
}

/** @param {App} app */
function textWay(app) {
  const text = textArea("Text to translate", "Write something …", (written) => { if (written.trim()) app.follow({ input: { text: written } }); });
  text.value = app.state.input?.text ?? app.state.look?.source?.view?.text ?? "";
  return html("div", { class: "stack" }, text, html("p", { class: "note" }, "It is translated while you write."));
}

/** @param {App} app */
function beginningWay(app) {
  const text = textArea("Text to go on from", "Begin something …", (written) => app.follow({ beginning: written }));
  return html("div", { class: "stack" }, text, html("p", { class: "note" }, "The model goes on from it while you write."));
}

/** A text field that calls `say` with its text whenever it changes, and on Enter. */
function textArea(label, placeholder, say) {
  const now = () => say(area.value);
  const area = html("textarea", { "aria-label": label, spellcheck: "false", placeholder, oninput: now,
    onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); now(); } } });
  return area;
}

/** @param {App} app */
function imageWay(app) {
  const image = app.state.look?.source?.view?.image;
  if (!image) return null;
  return html("div", { class: "stack" },
    sketchPad({ width: image.width, height: image.height, light: brightEdge(image),
      onDrawn: (content) => app.follow({ input: { file: { name: "drawing.png", content } } }) }),
    html("p", { class: "note" }, "Draw with the mouse or a finger; the model looks while you draw."));
}

/** True if pictures of this data have light paper, judged by their first and last rows. */
function brightEdge({ width, channels, pixels }) {
  const all = bytes(pixels);
  const edge = [...all.slice(0, width * channels), ...all.slice(-width * channels)];
  return edge.reduce((sum, value) => sum + value, 0) / edge.length > 127;
}

/** @param {App} app */
function signalWay(app, source) {
  if (!source.extensions.includes("wav") || !navigator.mediaDevices) return null;
  let recording = null;
  const control = button("● Record", () => app.attempt(async () => {
    if (recording) return void recording.stop();
    const hear = (file) => app.follow({ input: { file: { name: "recording.wav", content: base64(file) } } });
    // At the rate that the model reads, where a sound says what it is, else at that of microphones.
    const rate = app.state.look?.source?.view.signal?.rate ?? 48_000;
    recording = await record({ rate, onHeard: hear });
    control.textContent = "■ Stop";
    const file = await recording.finished;
    recording = null;
    control.textContent = "● Record";
    hear(file);
  }), { title: "Record from the microphone" });
  return html("div", { class: "controls" }, control, html("span", { class: "note" }, "The model listens while you speak, at most 15 seconds."));
}

/** @param {App} app */
function fileWay(app, source) {
  const input = fileField(source.extensions, app.give, { class: "visually-hidden" });
  const drop = async (file) => { if (file) app.give(await inputOf(file)); };
  const zone = html("label", { class: "drop-zone" }, input, html("span", {}, `Drop a file here, or choose one (${source.extensions.join(", ")})`));
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); zone.classList.remove("over"); drop(event.dataTransfer.files[0]); });
  return zone;
}

// ---- samples ----

const PAGE = 12;

/** @param {App} app */
function sampleList(app) {
  const list = html("div", { class: "samples" });
  const place = html("span", { class: "note number" });
  const split = html("select", { "aria-label": "Split", onchange: () => load(0) });
  const before = button("←", () => load(from - PAGE), { title: "Samples before" });
  const after = button("→", () => load(from + PAGE), { title: "Samples after" });
  const element = html("section", { class: "card stack" },
    html("div", { class: "title-row" }, html("h3", {}, "Samples"), split, html("span", { class: "controls" }, before, place, after)), list);
  let from = 0;
  let asked = 0;

  function reload() {
    const splits = app.splits();
    const given = app.state.input?.sample;
    element.hidden = splits.length === 0 || !app.task()?.source;
    replace(split, splits.map((each) => html("option", { value: each, selected: each === given?.split }, each)));
    if (!element.hidden) load(PAGE * Math.floor((given?.number ?? 0) / PAGE));
  }

  const load = (start) => app.attempt(async () => {
    from = Math.max(0, start);
    const mine = (asked += 1);
    const { run, task } = app.state;
    const page = await api.samples({ run, task, split: split.value, from, count: PAGE });
    if (mine !== asked) return;                                   // another page was asked for meanwhile
    place.textContent = `${from + 1}–${Math.min(page.total, from + PAGE)} of ${page.total}`;
    before.disabled = from === 0;
    after.disabled = from + PAGE >= page.total;
    replace(list, page.samples.map((sample) => card(app, split.value, sample)));
    mark();
  });

  function mark() {
    const chosen = app.state.input?.sample;
    for (const each of list.children) {
      each.setAttribute("aria-pressed", String(chosen?.split === split.value && String(chosen.number) === each.getAttribute("data-number")));
    }
  }
  return { element, reload, mark };
}

/** True if a sample has words to be called by. */
const namesItself = (source, target) => [source, target].some((view) => view?.text?.trim());

/** @param {App} app */
function card(app, split, { number, source, target }) {
  return html("button", { type: "button", class: "sample", "data-number": number, "aria-label": namesItself(source, target) ? null : `Sample ${number + 1}`, onclick: () => app.give({ sample: { split, number } }) },
    thumbnail(source), html("span", { class: "sample-target" }, thumbnail(target)));
}
