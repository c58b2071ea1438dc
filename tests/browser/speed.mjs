// How fast the page is: `any2any explore RUN … --no-open --no-token --port 8101`, and then `node speed.mjs http://127.0.0.1:8101`.
// The first run is stepped through; in each run that reads text, pictures or sounds, one is typed, drawn or spoken.
// `node speed.mjs any2any` starts `any2any lecture`, and waits for its first figure.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { contextOf, launch } from "./support.mjs";

/** Seconds that are recorded. */
const SPOKEN = 4;

const given = process.argv[2] ?? "http://127.0.0.1:8101";
const browser = await launch();
if (given.startsWith("http")) await explored(given.replace(/\/$/, ""));
else await lecture(given);
await browser.close();
process.exit(0);

/** @param {string} name @param {number[]} times in milliseconds */
function say(name, times) {
  if (times.length === 0) return;
  const sorted = times.toSorted((a, b) => a - b);
  const [least, middle, most] = [0, sorted.length >> 1, sorted.length - 1].map((i) => sorted[i].toFixed(0));
  console.log(`${name}: ${least} to ${most} ms, median ${middle} of ${sorted.length}`);
}

async function lecture(program) {
  const figures = [];
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    const server = spawn(program, ["lecture", "--no-open", "--no-token"], { stdio: ["ignore", "pipe", "ignore"] });
    const { value: address } = await createInterface(server.stdout)[Symbol.asyncIterator]().next();
    const page = await (await contextOf(browser)).newPage();
    await page.goto(address.trim());
    await page.waitForFunction(() => document.querySelector(".story-figure")?.children.length > 0 && !document.querySelector("#panel-story .waiting"));
    figures.push(performance.now() - began);
    await page.close();
    server.kill("SIGINT");
  }
  say("a lecture's first figure, after the command", figures);
}

async function explored(address) {
  await opening(address);
  const runs = await (await fetch(`${address}/api/runs`)).json();
  for (const [kind, make, what] of /** @type {const} */ ([["text", type, "typed"], ["image", draw, "drawn"], ["signal", speak, "spoken"]])) {
    const run = runs.find(({ model }) => model?.tasks[0].source?.kind === kind);
    if (!run) continue;
    const context = await contextOf(browser);
    await context.addInitScript(watchPieces);
    const page = await context.newPage();
    await page.goto(`${address}/#panel="source"&run=${run.number}`);
    await page.waitForFunction(() => import("any2any/state").then(({ state }) => state.look && !state.busy));
    await page.waitForTimeout(500);
    await page.evaluate(watch);
    await make(page);
    const { newest, look } = await page.evaluate(() => /** @type {any} */ (window).times);
    for (const [times, drawn] of [[newest, "its output"], [look, "the look inside"]]) {
      say(`${what}, and ${drawn} drawn (${run.name})`, times);
      // A sound is encoded from its beginning each time: what is longer takes longer.
      if (kind === "signal") for (const seconds of [1, 2, 3]) say(`${what}, up to ${seconds} s, and ${drawn}`, times.slice(0, Math.round(seconds * times.length / SPOKEN)));
    }
    await context.close();
  }
}

async function opening(address) {
  const page = await (await contextOf(browser)).newPage();
  const opened = performance.now();
  await page.goto(`${address}/#panel="steps"`);
  await page.waitForFunction(() => /probability/.test(document.getElementById("stage").innerText));
  const usable = performance.now() - opened;
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  console.log(`painted after ${paint.toFixed(0)} ms; usable, with a sample translated, after ${usable.toFixed(0)} ms`);

  const { looks, steps, hovers } = await page.evaluate(async () => {
    const { api } = await import("any2any/api");
    const { state, set, on } = await import("any2any/state");
    const { run, checkpoint, task, input: source, tokens: whole } = state;
    const looks = [];
    for (let length = 0; length < whole.length; length += 1) {
      const asked = performance.now();
      await api.look({ run, checkpoint, task, source, tokens: whole.slice(0, length) });
      looks.push(performance.now() - asked);
    }
    const hovers = [];
    for (const side of /** @type {const} */ (["source", "target"])) {
      for (let position = 0; position < state.look[side].positions.length; position += 1) {
        const pointed = performance.now();
        set({ hover: { side, position } });
        document.body.getBoundingClientRect();                    // as the browser lays out before it paints
        hovers.push(performance.now() - pointed);
      }
    }
    set({ hover: null });
    // Each step writes a token that nobody has asked for before, so that nothing is known of it.
    const steps = [];
    for (let length = 1; length < whole.length; length += 1) {
      const asked = performance.now();
      const drawn = new Promise((done) => {
        const off = on("change", (keys) => {
          if (!keys.has("look") || state.look?.target.positions.length !== length) return;
          off?.();
          requestAnimationFrame(done);
        });
      });
      set({ tokens: [...whole.slice(0, length - 1), whole[length - 1] + 1], chosen: null });
      await drawn;
      steps.push(performance.now() - asked);
    }
    return { looks, steps, hovers };
  });
  say("look inside, asked and answered", looks);
  say("next step, drawn", steps);
  say("pointed at, drawn", hovers);
  await page.close();
}

/** Notes when pieces of a recording are there. */
function watchPieces() {
  const { prototype } = MediaRecorder;
  const start = prototype.start;
  prototype.start = function (piece) {
    this.addEventListener("dataavailable", () => { /** @type {any} */ (window).made = performance.now(); });
    return start.call(this, piece);
  };
}

/** Notes the times from what a person did last to the frames in which the output for it is there, and the look at it. */
async function watch() {
  const noted = /** @type {any} */ (window);
  noted.times = { newest: [], look: [] };
  const awaited = { newest: 0, look: 0 };
  const { on } = await import("any2any/state");
  for (const event of ["input", "pointermove"]) addEventListener(event, () => { noted.made = performance.now(); }, true);
  on("change", (keys) => {
    for (const key of /** @type {const} */ (["newest", "look"])) {
      const { made } = noted;
      if (!keys.has(key) || !made || awaited[key] === made) continue;
      awaited[key] = made;
      requestAnimationFrame(() => noted.times[key].push(performance.now() - made));
    }
  });
}

/** @param {import("playwright-core").Page} page */
async function type(page) {
  const area = page.getByRole("textbox", { name: "Text to translate" });
  const text = await area.inputValue();
  await area.fill("");
  await area.pressSequentially(text.slice(0, 40), { delay: 150 });
  await page.waitForTimeout(500);
}

/** @param {import("playwright-core").Page} page */
async function draw(page) {
  const sketch = page.locator("canvas.sketch");
  await sketch.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await sketch.boundingBox();
  await page.mouse.move(x + 0.3 * width, y + 0.2 * height);
  await page.mouse.down();
  for (let step = 0; step <= 30; step += 1) {
    const turn = (step / 30) * 2 * Math.PI;
    await page.mouse.move(x + (0.5 - 0.25 * Math.cos(turn)) * width, y + (0.5 - 0.3 * Math.sin(turn)) * height);
    await page.waitForTimeout(150);
  }
  await page.mouse.up();
  await page.waitForTimeout(500);
}

/** @param {import("playwright-core").Page} page */
async function speak(page) {
  await page.getByRole("button", { name: "Record from the microphone" }).click();
  await page.waitForTimeout(1000 * SPOKEN);
  await page.getByText("■ Stop").click();
  await page.waitForTimeout(1000);
}
