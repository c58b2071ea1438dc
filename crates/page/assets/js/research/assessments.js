// The samples of a split in a table, sorted by how hard they are for the model, with what it takes for what. A click opens a
// sample.

import { api } from "any2any/api";
import { html, replace, button, downloads, scrollable } from "any2any/draw";
import { readable } from "any2any/media/text";
import { signed } from "any2any/numbers";
import { recorded } from "any2any/recording";
import { tokenText } from "any2any/token";

/** @import { App, AssessedSample } from "any2any/types" */

/** Samples that are read before a person asks for more. */
const FIRST = 256;
/** Rows that are drawn. */
const ROWS = 100;
/** Confusions above the table. */
const PAIRS = 12;

/** @type {{ id: string, label: string, title: string, of: (sample: AssessedSample) => number|string, told?: (sample: AssessedSample) => string, text?: boolean }[]} */
const COLUMNS = [
  { id: "number", label: "sample", title: "The number of the sample", of: ({ number }) => number, told: ({ number }) => String(number + 1) },
  { id: "source", label: "source", title: "The source", of: ({ source }) => source ?? "", text: true },
  { id: "reference", label: "reference", title: "The reference", of: ({ reference }) => reference, text: true },
  { id: "output", label: "output", title: "What the model writes", of: ({ output }) => output, text: true },
  { id: "loss", label: "loss", title: "Negative log-probability of the reference, for each of its tokens, in nats", of: ({ loss }) => loss, told: ({ loss }) => loss.toFixed(3) },
  { id: "error", label: "error", title: "Edits from the reference to the output, for each token of the reference", of: ({ error }) => error, told: ({ error }) => error.toFixed(2) },
  { id: "entropy", label: "entropy", title: "How unsure the model is along the reference, in bits for each token", of: ({ entropy }) => entropy, told: ({ entropy }) => entropy.toFixed(2) },
  { id: "positions", label: "length", title: "Positions of the source, and tokens of the reference", of: ({ positions }) => positions, told: ({ positions, tokens }) => `${positions} → ${tokens}` },
  { id: "confusions", label: "confused", title: "Tokens of the reference for which the model holds another one likelier", of: ({ confusions }) => confusions.length },
];

/** @type {import("any2any/panels/research").Section} */
export function assessments(root, app) {
  let samples = [];
  let total = 0;
  let next = 0;                                                   // null: all are read
  let sort = { id: "loss", down: true };
  let only = null;                                                // a confusion whose samples alone are shown
  let question = "";
  const split = html("select", { "aria-label": "Split", onchange: () => begin() });
  const pairs = html("div", { class: "row small-gap" });
  const figure = scrollable(html("div", { class: "figure" }));
  const note = html("p", { class: "note", role: "status" });
  const save = downloads({ name: "samples", figure: () => figure, data: () => sorted() });
  replace(root, html("section", { class: "card stack" }, html("div", { class: "title-row" }, html("h3", {}, "Which samples are hard"), split, save), pairs, figure, note,
    html("p", { class: "note" }, "Loss and entropy are those of the reference, told to the model word by word; error is that of what it writes by itself, as the run decodes. "
      + "Click a heading to sort, a confusion to see its samples, a sample to open it.")));

  function drawSplits() {
    replace(split, app.splits().map((name) => html("option", { value: name }, name)));
    split.hidden = app.splits().length === 0;
  }

  function begin() {
    const { run, checkpoint, task } = app.state;
    const asked = JSON.stringify([run, checkpoint, task, split.value]);
    if (asked === question) return;
    question = asked;
    samples = [];
    only = null;
    next = 0;
    total = 0;
    if (!split.value) return say("The samples of this run are not there: start `any2any explore` with --data-root FOLDER.");
    if (!app.task().source) return say("This task has no source, and so no samples whose output could be held against a reference.");
    if (!app.task().target.tokens) return say("This task writes frames, which have neither a probability nor tokens that could be confused.");
    read(FIRST);
  }

  /** @param {string} words */
  function say(words) {
    replace(pairs);
    replace(figure);
    note.textContent = words;
  }

  /** Reads on, piece by piece, until so many are there. @param {number} most */
  async function read(most) {
    const mine = question;
    const { run, checkpoint, task } = app.state;
    root.classList.add("waiting");
    await recorded(app, async () => {
      while (mine === question && next !== null && next < most) {
        const answer = await api.assessments({ run, checkpoint, task, split: split.value, from: next });
        if (mine !== question) return;
        samples = [...samples, ...answer.samples];
        ({ total, next } = answer);
        draw();
      }
    }, say);
    if (mine === question) root.classList.remove("waiting");
  }

  const keyOf = ({ expected, likeliest }) => JSON.stringify([expected, likeliest]);
  const has = (/** @type {AssessedSample} */ sample, key) => sample.confusions.some((each) => keyOf(each) === key);

  /** @returns {AssessedSample[]} */
  function sorted() {
    const { of } = COLUMNS.find(({ id }) => id === sort.id);
    const shown = only === null ? samples : samples.filter((sample) => has(sample, only));
    const order = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
    return [...shown].sort((a, b) => (sort.down ? -1 : 1) * order(of(a), of(b)) || a.number - b.number);
  }

  function draw() {
    if (samples.length === 0 && next !== null) return;
    drawPairs();
    const rows = sorted();
    const texts = samples.some(({ source }) => source !== null);
    const columns = COLUMNS.filter(({ id }) => id !== "source" || texts);
    replace(figure, html("table", { class: "numbers samples" },
      html("thead", {}, html("tr", {}, columns.map(heading))),
      html("tbody", {}, rows.slice(0, ROWS).map((sample) => row(sample, columns)))));
    const mean = (/** @type {(sample: AssessedSample) => number} */ of) => (rows.length === 0 ? 0 : rows.reduce((sum, each) => sum + of(each), 0) / rows.length);
    replace(note, `${rows.length} samples${only === null ? "" : " with this confusion"}${rows.length > ROWS ? `, the first ${ROWS} shown` : ""}, of ${total} in ${split.value}: `
      + `loss ${mean(({ loss }) => loss).toFixed(3)}, error ${mean(({ error }) => error).toFixed(3)}, entropy ${mean(({ entropy }) => entropy).toFixed(2)} bits on average. `,
      next === null ? null : button("Read on", () => read(next + FIRST), { class: "small", title: "Read on: more samples of the split" }));
  }

  /** The commonest confusions. */
  function drawPairs() {
    const counts = new Map();
    for (const { confusions } of samples) for (const each of confusions) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1);
    const commonest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, PAIRS);
    const text = (/** @type {string} */ label) => readable(tokenText(label)).text;
    replace(pairs, commonest.length === 0 ? null : html("span", { class: "soft small" }, "Taken for another:"), commonest.map(([key, count]) => {
      const [expected, likeliest] = JSON.parse(key);
      return button(`${text(expected)} → ${text(likeliest)} × ${count}`, () => { only = only === key ? null : key; draw(); },
        { class: "small", "aria-pressed": String(only === key), "data-confusion": key, "data-count": count });
    }));
  }

  function heading({ id, label, title }) {
    const mine = sort.id === id;
    const choose = () => { sort = { id, down: mine ? !sort.down : id !== "number" }; draw(); };
    return html("th", { scope: "col", "aria-sort": mine ? (sort.down ? "descending" : "ascending") : "none" },
      button(`${label}${mine ? (sort.down ? " ↓" : " ↑") : ""}`, choose, { class: "quiet small", title, "data-column": id }));
  }

  /** @param {AssessedSample} sample */
  function row(sample, columns) {
    const { sample: open } = app.state.input ?? {};
    const give = () => app.give({ sample: { split: split.value, number: sample.number } });
    return html("tr", { class: open?.split === split.value && open.number === sample.number ? "chosen" : null, "data-number": sample.number,
      "data-loss": sample.loss, "data-error": sample.error, "data-entropy": sample.entropy },
    columns.map(({ id, of, told, text }) => html("td", { class: text ? "text" : "number" },
      id === "number" ? button(told(sample), give, { class: "link", title: `Open sample ${sample.number + 1}` })
        : id === "confusions" ? confused(sample) : told ? told(sample) : String(of(sample)))));
  }

  /** @param {AssessedSample} sample */
  function confused({ confusions }) {
    const text = (/** @type {string} */ label) => readable(tokenText(label)).text;
    const told = confusions.slice(0, 8).map(({ expected, likeliest, log_probability }) => `${text(expected)} → ${text(likeliest)} (${signed(log_probability)})`);
    return html("span", { title: told.join(", ") }, String(confusions.length));
  }

  drawSplits();
  begin();
  return (keys) => {
    if (["run", "task", "runs"].some((key) => keys.has(key))) drawSplits();
    if (["run", "checkpoint", "task", "runs"].some((key) => keys.has(key))) begin();
    else if (keys.has("input")) draw();
  };
}
