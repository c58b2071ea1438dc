// The actions of a person: choose a model, give it an input, and step through its output.

import { LIKELIEST, api, canonical, floats } from "any2any/api";
import { lookAhead } from "any2any/inspection";
import { learnSpelling, tokenText } from "any2any/token";
import { distribution, draw, random } from "any2any/numbers";

/** Actions of a person, as methods for `app`. @param {import("any2any/types").Known} app */
export function actions(app) {
  const { state, set } = app;

  /** The fields of every request: model, task, and the window of the source that is looked at. */
  const request = (more = {}) => ({
    run: state.run,
    checkpoint: state.checkpoint,
    task: state.task,
    ...(app.task()?.source ? { source: state.input, window: state.window } : {}),
    ...more,
  });

  /** True if there is a task and, where it needs one, an input. */
  const ready = () => Boolean(app.task() && (!app.task().source || state.input));

  const untouched = { chosen: null, hover: null, masked: [], ablated: [], edited: [], playing: false };
  const fresh = { ...untouched, tokens: [], look: null, newest: null };

  async function chooseRun(run, { input = null } = {}) {
    const model = state.runs.find(({ number }) => number === run)?.model;
    const task = model?.tasks[0]?.number ?? 0;
    const panel = panelFor(state.runs.find(({ number }) => number === run), state.panel);
    set({ run, checkpoint: "best", task, input, window: 0, vocabulary: null, head: null, panel, ...fresh });
    await begin();
  }

  async function chooseTask(task) {
    set({ task, input: null, window: 0, vocabulary: null, head: null, ...fresh });
    await begin();
  }

  async function chooseCheckpoint(checkpoint) {
    set({ checkpoint, ...fresh });
    if (ready()) await translate();
  }

  /** Fetches the vocabulary and data of a task, and takes its first sample unless an input is given. */
  async function begin() {
    if (!app.task()) return;
    await Promise.all([loadVocabulary(), state.input ? null : takeFirstSample()]);
    if (ready() && state.tokens.length === 0) await translate();
  }

  const loadVocabulary = () => attempt(async () => {
    if (!app.task().target.tokens) return;
    const { run, task } = state;
    const vocabulary = await api.vocabulary({ run, task });
    learnSpelling(vocabulary.tokens);
    if (run === state.run && task === state.task) set({ vocabulary });
  });

  function takeFirstSample() {
    const split = app.splits()[0];
    if (app.task().source && split) set({ input: { sample: { split, number: 0 } } });
  }

  /** Takes a new input and translates it. */
  async function give(input) {
    wanted = unseen = null;                                      // what was being made is no longer wanted
    set({ input, window: 0, ...fresh, ablated: state.ablated });
    if (ready()) await translate();
  }

  let wanted = null;                                              // what is being made
  let unseen = null;                                              // the newest of it that has an output, whose look is awaited
  let following = false;
  let looking = false;

  /** Follows what a person is making: an input that is typed, drawn or spoken, or the beginning of a text to go on from. Its
   * output is there first, and the look inside behind it, set at once with its input, so that nothing flickers; of what comes
   * while the model is at work, the newest is taken next.
   * @param {{ input: import("any2any/types").Input } | { beginning: string }} made */
  async function follow(made) {
    wanted = made;
    if (following) return;
    following = true;
    while (wanted) {
      const next = wanted;
      await patiently(() => translateMade(next));
      if (wanted === next) wanted = null;
    }
    following = false;
  }

  /** Does work on what is being made; what is there at once needs no word that it is awaited. */
  async function patiently(work) {
    const slow = setTimeout(() => set({ busy: true }), PATIENCE);
    await attempt(work);
    clearTimeout(slow);
    if (!unseen) set({ busy: false });
  }

  /** What is asked of something that is being made, with the model that is chosen now. */
  const askedOf = (made) => request("input" in made ? { source: made.input, window: 0 } : {});

  async function translateMade(made) {
    if (!app.task()) return;
    const question = askedOf(made);
    const prefix = "beginning" in made && made.beginning ? { prefix: made.beginning } : {};
    const output = app.task().target.tokens ? (await api.translate({ ...question, decoding: LIKELIEST, ...prefix })).outputs[0][0] : null;
    // Another input was chosen meanwhile, or another model.
    if (wanted === null || canonical(askedOf(made)) !== canonical(question)) return;
    set({ newest: output });
    unseen = { made, question, tokens: output?.tokens ?? null };
    lookAtUnseen();
  }

  async function lookAtUnseen() {
    if (looking) return;
    looking = true;
    while (unseen) {
      const next = unseen;
      await patiently(() => lookAtMade(next));
      if (unseen === next) { unseen = null; set({ busy: false }); }
    }
    looking = false;
  }

  async function lookAtMade({ made, question, tokens }) {
    const patch = "input" in made ? { ...untouched, input: made.input, window: 0, ablated: state.ablated } : { chosen: null, playing: false };
    const look = await lookAhead({ ...question, ...app.alteration({ ...state, ...patch }) }, tokens);
    if (unseen !== null && canonical(askedOf(made)) === canonical(question)) set({ ...patch, tokens: tokens ?? [], look });
  }

  /** Takes another window of a long input, and translates it. */
  async function takeWindow(window) {
    set({ window, ...fresh, ablated: state.ablated });
    await translate();
  }

  /** Writes the likeliest tokens to the end at once, after `prefix`, which is tokens or a text. */
  const translate = (prefix = []) => attempt(async () => {
    if (!ready() || !app.task().target.tokens) return;
    const asked = JSON.stringify(request());
    const answer = await api.translate(request({ decoding: LIKELIEST, ...(prefix.length > 0 ? { prefix } : {}) }));
    if (JSON.stringify(request()) === asked) set({ tokens: answer.outputs[0][0].tokens });
  });

  /** One step forward: writes the next token, or chooses the next position of an output that is already there. */
  function step() {
    if (!ready() || !state.look) return;
    if (!app.task().target.tokens) return choose(Math.min(app.count() - 1, app.position() + 1));
    if (finished() || state.busy || state.look.target.positions.length !== state.tokens.length) return;
    set({ tokens: [...state.tokens, nextToken()], chosen: null });
  }

  function stepBack() {
    if (!app.task()?.target.tokens) return choose(Math.max(0, app.position() - 1));
    set({ tokens: state.tokens.slice(0, -1), chosen: null, playing: false });
  }

  function restart() {
    if (!app.task()?.target.tokens) return choose(0);
    set({ tokens: [], chosen: null, playing: false });
  }

  /** The token that the current settings choose after all that is written. */
  function nextToken() {
    const { after, order } = distribution(app.logits(state.tokens.length), app.decoding());
    return state.choice === "sample" ? draw(after, random(state.seed, state.tokens.length)) : order[0];
  }

  const finished = () => state.vocabulary !== null && state.tokens.at(-1) === state.vocabulary.end;

  /** Writes `token` at output position `position`, drops the tokens behind it, and can then write on to the end. */
  async function force(position, token, { goOn = false } = {}) {
    const tokens = [...state.tokens.slice(0, position), token];
    set({ tokens, chosen: null, playing: false });
    if (goOn && !finished()) await translate(tokens);
  }

  /** Chooses the output position that panels explain; null: the newest. */
  function choose(position) {
    set({ chosen: position });
  }

  function play() {
    if (state.playing) return set({ playing: false });
    if (finished() || app.position() === app.count() - 1) restart();
    set({ playing: true });
    const tick = () => {
      if (!state.playing) return;
      const before = `${state.tokens.length} ${app.position()}`;
      step();
      const waiting = state.busy || !state.look || before !== `${state.tokens.length} ${app.position()}`;
      if (waiting && !finished()) setTimeout(tick, PACE);
      else set({ playing: false });
    };
    setTimeout(tick, PACE);
  }

  /** Runs work that may fail; a failure is shown on the page, until something that was begun after it has succeeded. */
  async function attempt(work) {
    const { error: before } = state;
    try {
      const answer = await work();
      if (before && state.error === before) set({ error: null });
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") set({ error, busy: false });
    }
  }

  return { request, ready, begin, chooseRun, chooseTask, chooseCheckpoint, give, follow, takeWindow, translate, step, stepBack, restart,
    finished, force, choose, play, attempt };
}

/** The panel to open with a run: one that it fills. A map and a training without a checkpoint have no model to ask.
 * @param {import("any2any/types").Run|undefined} run @param {string} panel   the one that would be open */
export function panelFor(run, panel) {
  if (!run || run.model) return panel;
  if (run.sweep) return "sweep";
  return run.training ? "training" : panel;
}

/** Milliseconds after which the page says that an answer to what is being made is awaited. */
const PATIENCE = 300;

/** Milliseconds between two steps of a play: slow enough to read along. */
const PACE = 420;

/** Derived values of the state that many panels need, as methods for `app`.
 * @param {import("any2any/types").Shared} app */
export function questions(app) {
  const { state } = app;
  const currentRun = () => state.runs.find(({ number }) => number === state.run) ?? null;
  const task = () => currentRun()?.model?.tasks.find(({ number }) => number === state.task) ?? null;
  /** The splits of the task's data, the test split first, which the model was not trained on. */
  const splits = () => [...(task()?.splits ?? [])].sort((a, b) => Number(b === "test") - Number(a === "test"));
  /** Number of output positions. */
  const count = () => state.look?.target.positions.length ?? 0;
  /** The output position that panels explain: the chosen one, or the newest. -1: nothing is written yet. */
  const position = () => Math.min(count() - 1, state.chosen ?? count() - 1);
  /** Row i of the logits, behind the first i tokens. */
  const logits = (row) => {
    const { shape, values } = floats(state.look.logits);
    return values.subarray(row * shape[1], (row + 1) * shape[1]);
  };
  const decoding = () => ({
    temperature: state.temperature,
    top_k: state.top_k,
    top_p: state.top_p,
    forbidden: state.vocabulary?.forbidden ?? [],
  });
  /** What is taken away from the model, as the requests name it; nothing of a model as it was trained. */
  const alteration = (/** @type {Partial<import("any2any/state").State>} */ { masked, ablated, edited } = state) => ({
    ...(masked.length > 0 ? { masked } : {}),
    ...(ablated.length > 0 ? { ablated } : {}),
    ...(edited.length > 0 ? { edited } : {}),
  });
  /** The text of a token. */
  const label = (token) => tokenText(state.vocabulary?.tokens[token] ?? String(token));
  return { currentRun, task, splits, count, position, logits, decoding, alteration, label };
}
