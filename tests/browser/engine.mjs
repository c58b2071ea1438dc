// The engine of exported pages: in Node, from its module and a run's model as a portable file, and in an exported page.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";

const MODULE = path.resolve(import.meta.dirname, "../../crates/page/assets/engine/engine.wasm.gz");

/** The model of a run as a portable file with weights in 8 bits. @returns {Uint8Array} */
export function portable(any2any, run) {
  const folder = mkdtempSync(path.join(tmpdir(), "portable-"));
  try {
    const file = path.join(folder, "model");
    execFileSync(any2any, ["export", run, file, "--format", "portable", "--int8"], { stdio: ["ignore", "ignore", "inherit"] });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Loads a model; gives a function that asks it, (endpoint, body) → answer. */
export async function engineOf(model) {
  const { instance: { exports } } = await WebAssembly.instantiate(gunzipSync(readFileSync(MODULE)), {});
  const { memory, reserve, load, answer, result, result_length } = /** @type {any} */ (exports);
  const give = (given) => {
    const place = reserve(given.length);
    new Uint8Array(memory.buffer, place, given.length).set(given);
  };
  const told = () => JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, result(), result_length())));
  give(model);
  if (load() < 0) throw new Error(told().message);
  return async (endpoint, body) => {
    const name = Buffer.from(`/api/${endpoint}`);
    give(Buffer.concat([name, Buffer.from(JSON.stringify(body))]));
    if (answer(0, name.length) < 0) throw new Error(told().message);
    return told();
  };
}

/** Opens the exported page of a run, a file, with or without the products that it lends its engine. */
export async function exportedPage(browser, file, lends = true) {
  const page = await (await browser.newContext({ offline: true })).newPage();
  await page.goto(`file://${file}`);
  if (!lends) await page.evaluate(() => { document.getElementById("relaxed").textContent = btoa("no module"); });
  return page;
}

/** Asks the engine of an exported page, as the page does. */
export const askPage = (page, endpoint, body) => page.evaluate(async ([path, given]) => {
  const { answer } = await import("any2any/engine");
  const { answer: told, problem } = await answer(path, { run: 0, checkpoint: "best", ...given });
  if (problem) throw new Error(problem.message);
  return told;
}, /** @type {const} */ ([`/api/${endpoint}`, body]));

/** The products that the engine of an exported page multiplies with, once it has been asked. */
export const productsOf = (page) => page.evaluate(async () => (await import("any2any/engine")).products());
