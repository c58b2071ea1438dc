// How fast an exported page decodes beside the program: `ANY2ANY=../../target/release/any2any node engine_speed.mjs RUN`. Both
// decode the same sources with 8-bit weights on one thread, one source after the other, greedily and as the run does. Of
// each source the shortest of several times counts, since a busy machine makes times longer and never shorter. The
// program is asked over HTTP, whose own time is measured and taken off.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { ANY2ANY } = process.env;
const [run] = process.argv.slice(2);
const ROUNDS = 7;
const folder = mkdtempSync(path.join(tmpdir(), "speed-"));
const page = path.join(folder, "page.html");
const rounded = path.join(folder, "rounded");
const quiet = /** @type {const} */ ({ stdio: ["ignore", "ignore", "inherit"] });
execFileSync(ANY2ANY, ["explore", run, "--export", page, "--samples", "1"], quiet);
execFileSync(ANY2ANY, ["export", run, rounded, "--int8"], quiet);

const server = spawn(ANY2ANY, ["explore", rounded, "--no-open", "--no-token"], {
  stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, RAYON_NUM_THREADS: "1" },
});
const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
const url = (await lines.next()).value.trim().replace(/\/$/, "");
const get = async (endpoint) => (await fetch(`${url}/api/${endpoint}`)).json();
const post = async (endpoint, body) => (await fetch(`${url}/api/${endpoint}`, {
  method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
})).json();

const [{ model: { tasks: [task] } }] = await get("runs");
const split = task.splits.includes("test") ? "test" : task.splits[0];
const { samples } = await get(`samples?run=0&task=0&split=${split}&from=0&count=24`);

const executablePath = execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"]).toString().trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const tab = await (await browser.newContext({ offline: true })).newPage();
await tab.goto(`file://${page}`);

/** The shortest time of several, in milliseconds. */
async function shortest(work) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await work();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

/** The same in the page, without the way there. */
const inPage = (view, decoding) => tab.evaluate(async ([view, decoding, rounds]) => {
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

for (const decoding of [{ greedy: {} }, ...(task.decoding.beam ? [{}] : [])]) {
  let [program, own, tokens] = [0, 0, 0];
  for (const { number, source: view } of samples) {
    const source = { sample: { split, number } };
    const way = await shortest(() => fetch(`${url}/health`));
    program += await shortest(() => post("translate", { run: 0, task: 0, source, decoding })) - way;
    own += await inPage(view, decoding);
    const { outputs: [[output]] } = await post("translate", { run: 0, task: 0, source, decoding });
    tokens += output.tokens.length + 1;
  }
  const each = (time) => `${(time / samples.length).toFixed(2)} ms a source`;
  console.log(`${JSON.stringify(decoding)}: ${samples.length} sources, ${tokens} tokens: program ${each(program)}, page ${each(own)}, ${(program / own).toFixed(2)} of its speed`);
}
await browser.close();
server.kill("SIGINT");
rmSync(folder, { recursive: true });
