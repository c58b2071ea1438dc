// What the tests of the page share: the server over real runs, a browser whose pages may do nothing wrong, and the
// numbers of the JSON interface, which are what must be drawn.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { chromium } from "playwright-core";

/** The finished binary, and the folder with the runs: see tests/explorer.rs. */
export const { ANY2ANY, WORKSHOP } = process.env;

/** The runs that are opened, and so their numbers. */
export const RUNS = ["text", "lstm", "media", "far", "map", "write", "bare"];
export const [TEXT, LSTM, MEDIA, FAR, MAP, WRITE, BARE] = RUNS.keys();

/** Milliseconds that something may take on a busy machine. */
const PATIENCE = 30_000;

export const inWorkshop = (name) => path.join(WORKSHOP, name);

// ---- server and browser ----

/** Starts `any2any explore`; gives its address without the slash at the end. */
export async function serve(runs, atEnd = after, asking = ["--no-token"], command = ["explore"]) {
  const server = spawn(ANY2ANY, [...command, ...runs, "--no-open", ...asking], { cwd: WORKSHOP, stdio: ["ignore", "pipe", "inherit"] });
  atEnd(() => server.kill("SIGINT"));
  for await (const line of createInterface(server.stdout)) return line.trim().replace(/\/(#.*)?$/, "");
  throw new Error("the server ended before it said its address");
}

/** A browser with a microphone that beeps. */
export async function launch() {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"])
    .toString().trim();
  const args = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  const browser = await chromium.launch({ executablePath, args });
  after(() => browser.close());
  return browser;
}

/** A window on the screen, whose pages keep what they have loaded for one another. */
export const contextOf = (browser, options = {}) =>
  browser.newContext({ viewport: { width: 1200, height: 900 }, permissions: ["microphone"], ...options });

/** Opens a page for a test, and fails where the page says something on its console or asks another host.
 * @param {import("playwright-core").BrowserContext} context @param {string} address
 * @param {(page: import("playwright-core").Page) => Promise<void>} work */
export async function visit(context, address, work) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  const origin = address.startsWith("file:") ? address.split("#")[0] : new URL(address).origin;
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(`console: ${message.text()} (${message.location().url})`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.stack}`));
  page.on("request", (request) => {
    if (![origin, "data:", "blob:"].some((known) => request.url().startsWith(known))) wrong.push(`asks ${request.url()}`);
  });
  try {
    await page.goto(address);
    await work(page);
    assert.deepEqual(wrong, [], "the page is quiet and asks only its server");
  } catch (error) {
    if (wrong.length > 0) error.message += `\n  meanwhile: ${wrong.join("\n  ")}`;
    throw error;
  } finally {
    await page.close();
  }
}

/** A server and a browser for a file of tests. `clicks(name, state, work)` is a test that opens the page there. */
export async function explorer({ runs = RUNS, asking = [], command = ["explore"], ...options } = {}) {
  const [url, browser] = await Promise.all([serve(runs, after, ["--no-token", ...asking], command), launch()]);
  const context = await contextOf(browser, options);
  const ask = (endpoint, body) => answerOf(`${url}/api/${endpoint}`, body);
  const clicks = (name, state, work) => test(name, () =>
    visit(context, `${url}/${link(state)}`, async (page) => { await opened(page); await work(page); }));
  return { url, browser, context, ask, clicks };
}

/** The address of a state of the page, as `permalink` spells it. */
export const link = (state) =>
  `#${new URLSearchParams(Object.entries(state).map(([key, value]) => [key, JSON.stringify(value)]))}`;

async function answerOf(url, body) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await (await fetch(url, body ? options : {})).json();
  assert.ok(!answer.error, `${url}: ${JSON.stringify(answer.error)}`);
  return answer;
}

// ---- numbers ----

/** Floats of an answer, with `at(i, j, …)`. */
export function floats({ shape, data }) {
  const bytes = Buffer.from(data, "base64");
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const at = (...place) => values[place.reduce((index, each, i) => index * shape[i] + each, 0)];
  return { shape, values, at };
}

/** The weights of one kind of attention, mean of heads for `head` "mean": weight(query, key). */
export function weightsOf(look, stack, kind, head = "mean", layer = 0) {
  const entry = look.attention.find((each) => each.stack === stack && each.kind === kind && each.layer === layer);
  const { shape: [heads, rows, columns], at } = floats(entry.weights);
  const weight = (query, key) => (head === "mean"
    ? Array.from({ length: heads }, (_, i) => at(i, query, key)).reduce((sum, each) => sum + each, 0) / heads
    : at(head, query, key));
  return { weight, rows, columns, heads };
}

/** Softmax of a row of logits; the share of forbidden tokens is nobody's. */
export function softmax(row, { temperature = 1, forbidden = [] } = {}) {
  const high = Math.max(...row);
  const shares = Array.from(row, (logit) => Math.exp((logit - high) / temperature));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share, token) => (forbidden.includes(token) ? 0 : share / sum));
}

/** Row i of a look's logits. */
export function logitsOf(look, row) {
  const { shape: [, vocabulary], values } = floats(look.logits);
  return values.subarray(row * vocabulary, (row + 1) * vocabulary);
}

export function near(actual, expected, tolerance = 1e-4, what = "") {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is drawn, ${expected} is right`);
}

/** @param {ArrayLike<number>} actual */
export function allNear(actual, expected, tolerance = 1e-4, what = "") {
  assert.equal(actual.length, expected.length, `${what}: as many numbers`);
  Array.from(actual).forEach((value, i) => near(value, expected[i], tolerance, `${what} ${i}`));
}

/** How often a run is right in its test split, by distance; one distance may have several groups. */
export async function distancesOf(ask, run) {
  const groups = [];
  for (let from = 0; from !== null;) {
    const piece = await ask(`distance?run=${run}&task=0&split=test&from=${from}`);
    groups.push(...piece.groups);
    from = piece.next;
  }
  return groups;
}

// ---- the page ----

/** Waits until `question` of the page's state, evaluated there, is true. */
export async function until(page, question, given) {
  const deadline = Date.now() + PATIENCE;
  while (!(await page.evaluate(question, given))) {
    assert.ok(Date.now() < deadline, `waited in vain until ${question}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until the model has looked and every figure shows what it saw. */
export const settled = (page) => until(page, async () => {
  const { state } = await import("any2any/state");
  const { isCurrent } = await import("any2any/probabilities");
  const panel = document.querySelector(".panel:not([hidden]) .panel-body");
  const rests = panel && !state.busy && !panel.querySelector(".waiting");
  return rests && (!state.runs[state.run]?.model || (state.look && isCurrent(state)));
});

/** Waits until a page that was just opened has translated what it begins with. */
export async function opened(page) {
  await until(page, async () => {
    const { state } = await import("any2any/state");
    const task = state.runs[state.run]?.model?.tasks.find(({ number }) => number === state.task);
    return state.runs.length > 0 && (!task?.target.tokens || state.tokens.length > 0);
  });
  await settled(page);
}

/** Waits until a locator's texts are as they should be. */
export async function reads(locator, expected) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const texts = await locator.allTextContents();
    if (JSON.stringify(texts) === JSON.stringify(expected) || Date.now() > deadline) return assert.deepEqual(texts, expected);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function openPanel(page, id) {
  await page.click(`#tab-${id}`);
  await page.locator(`#panel-${id}:not([hidden]) .panel-body`).waitFor({ state: "attached" });
  await settled(page);
  return page.locator(`#panel-${id}`);
}

/** Some of what the page knows. */
export const stateOf = (page, ...keys) => page.evaluate(async (names) => {
  const { state } = await import("any2any/state");
  return Object.fromEntries(names.map((name) => [name, state[name]]));
}, keys);

/** What the page asks about: model and source; and with what is written. */
export async function sourceOf(page) {
  const { run, checkpoint, task, input } = await stateOf(page, "run", "checkpoint", "task", "input");
  return { run, checkpoint, task, source: input };
}

export async function questionOf(page) {
  return { ...await sourceOf(page), tokens: (await stateOf(page, "tokens")).tokens };
}

/** A data attribute of every element that there is, as numbers by default. */
export const dataOf = (locator, name, as = Number) =>
  locator.evaluateAll((all, key) => all.map((each) => each.dataset[key]), name).then((all) => all.map(as));

/** Colours of a canvas: [r, g, b, a] of places given in shares of its sides. */
export const pixelsOf = (canvas, places) => canvas.evaluate((element, at) => {
  const context = new OffscreenCanvas(element.width, element.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(element, 0, 0);
  const inside = (share, size) => Math.min(size - 1, Math.floor(share * size));
  return at.map(([x, y]) => [...context.getImageData(inside(x, element.width), inside(y, element.height), 1, 1).data]);
}, places);

/** The middles of the cells of a rows × columns matrix, row by row, as `pixelsOf` takes them. */
export const cells = (rows, columns) => Array.from({ length: rows * columns }, (_, i) =>
  [((i % columns) + 0.5) / columns, (Math.floor(i / columns) + 0.5) / rows]);

/** Colours of numbers by a scale of the page. */
export const coloursOf = (page, scale, numbers) => page.evaluate(async ([name, values]) => {
  const colours = await import("any2any/draw/colours");
  return values.map((value) => [...colours[name](value), 255]);
}, [scale, Array.from(numbers)]);

/** Colours agree, but for a step of the scale that rounding may cost. */
export function sameColours(actual, expected, what) {
  actual.forEach((colour, i) => colour.forEach((channel, c) => near(channel, expected[i][c], 4, `${what}: colour ${i}`)));
}

/** The bytes that a button saves. */
export async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** The numbers behind a figure, by its JSON button. */
export async function savedNumbers(page, root) {
  const { bytes } = await saved(page, root.getByRole("button", { name: "Save the numbers" }).first());
  return JSON.parse(bytes.toString());
}

/** Moves a slider as a person does. */
export const slide = (root, label, value) => root.getByRole("slider", { name: label, exact: true }).fill(String(value));
