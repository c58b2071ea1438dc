// How fast an exported page decodes beside the program: `ANY2ANY=../../target/debug/any2any node engine_speed.mjs RUN`. Both
// decode the same sources with 8-bit weights on one thread, one source after the other, greedily and as the run does. Of
// each source the shortest of several times counts, in turns, since a busy machine makes times longer and never shorter. The
// page is measured with the products that the browser lends its engine, and without. The program's side is
// `crates/web/examples/speed.rs`, built as a release, or as PROFILE says.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { exportedPage, productsOf } from "./engine.mjs";

const { ANY2ANY } = process.env;
const [run] = process.argv.slice(2);
const ROUNDS = 5;
const TURNS = 3;
const folder = mkdtempSync(path.join(tmpdir(), "speed-"));
const page = path.join(folder, "page.html");
const model = path.join(folder, "model");
const quiet = /** @type {const} */ ({ stdio: ["ignore", "ignore", "inherit"] });
execFileSync(ANY2ANY, ["explore", run, "--export", page, "--samples", "1"], quiet);
execFileSync(ANY2ANY, ["export", run, model, "--format", "portable", "--int8"], quiet);

const server = spawn(ANY2ANY, ["explore", run, "--no-open", "--no-token"], { stdio: ["ignore", "pipe", "inherit"] });
const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
const url = (await lines.next()).value.trim().replace(/\/$/, "");
const get = async (endpoint) => (await fetch(`${url}/api/${endpoint}`)).json();
const [{ model: { tasks: [task] } }] = await get("runs");
const split = task.splits.includes("test") ? "test" : task.splits[0];
const { samples } = await get(`samples?run=0&task=0&split=${split}&from=0&count=24`);

const executablePath = execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"]).toString().trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const tabs = [await exportedPage(browser, page), await exportedPage(browser, page, false)];

/** The shortest time of each source in the program, in milliseconds. */
function inProgram(views, decoding) {
  const questions = path.join(folder, "questions");
  writeFileSync(questions, views.map((view) => `${JSON.stringify({ task: task.number, source: { view }, decoding })}\n`).join(""));
  const asked = ["run", "--quiet", "--profile", process.env.PROFILE ?? "release", "-p", "any2any-web", "--example", "speed", "--", model, questions, String(ROUNDS)];
  const told = execFileSync("cargo", asked, { env: { ...process.env, RAYON_NUM_THREADS: "1" }, stdio: ["ignore", "pipe", "inherit"] });
  return told.toString().trim().split("\n").map(Number);
}

/** The same in the page, without the way there. */
const inPage = (tab, view, decoding) => tab.evaluate(async ([view, decoding, rounds]) => {
  const { answer } = await import("any2any/engine");
  let least = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const { problem } = await answer("/api/translate", { run: 0, checkpoint: "best", task: 0, source: { view }, decoding });
    if (problem) throw new Error(problem.message);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}, /** @type {const} */ ([view, decoding, ROUNDS]));

const views = samples.map(({ source }) => source);
const shortest = (turns) => turns[0].map((_, at) => Math.min(...turns.map((times) => times[at])));
for (const decoding of [{ greedy: {} }, ...(task.decoding.beam ? [{}] : [])]) {
  const [program, ...pages] = [[], ...tabs.map(() => [])];
  for (let turn = 0; turn < TURNS; turn += 1) {
    program.push(inProgram(views, decoding));
    const times = tabs.map(() => []);
    for (const view of views) {
      for (const [at, tab] of tabs.entries()) times[at].push(await inPage(tab, view, decoding));
    }
    times.forEach((of, at) => pages[at].push(of));
  }
  const mean = (turns) => shortest(turns).reduce((sum, time) => sum + time, 0) / samples.length;
  console.log(`${JSON.stringify(decoding)}: ${samples.length} sources: program ${mean(program).toFixed(2)} ms a source`);
  for (const [at, tab] of tabs.entries()) {
    const products = await productsOf(tab) ?? "products of its own";
    console.log(`  page, ${products}: ${mean(pages[at]).toFixed(2)} ms, ${(mean(program) / mean(pages[at])).toFixed(2)} of its speed`);
  }
}
await browser.close();
server.kill("SIGINT");
rmSync(folder, { recursive: true });
