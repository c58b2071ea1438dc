// The decoding engine of an exported page. The page carries a WebAssembly module (crates/web) and the weights of its runs,
// which answer what was not recorded: own sentences, drawings and recordings, hidden parts and silenced heads.

import { floats } from "any2any/api";
import { base64 } from "any2any/base64";
import { carried, unpacked } from "any2any/carried";
import { recorded } from "any2any/recorded";

/** @import { Floats, View } from "any2any/types" */
/** @typedef {{ memory: WebAssembly.Memory, __indirect_function_table: WebAssembly.Table, lend(place: number): number, reserve(length: number): number, load(): number, answer(model: number, endpoint: number): number, result(): number, result_length(): number }} Exports */

/** What the engine answers. */
const ENDPOINTS = ["/api/translate", "/api/look", "/api/next", "/api/beam", "/api/attribution"];

/** True if the page carries the model of a run. @param {number} run */
export const carries = (run) => carried("engine") && carried(`model-${run}`);

/** True if the engine can answer a question. */
export const answers = (path, { run, checkpoint }) => ENDPOINTS.includes(path) && carries(run) && checkpoint === "best";

let compiled = null;                                              // the modules, once they are asked for
const engines = new Map();                                        // run → its engine, which keeps the model
let lent = null;                                                  // the name of the products that engines were lent

/** The products that the engine multiplies bytes with: those of crates/relaxed that are right here, by name, or null, its own. */
export const products = () => lent;

/** Answers a question about a run: { answer }, or { problem } as the server would say it. */
export async function answer(path, given) {
  const { run } = given;
  try {
    if (!engines.has(run)) engines.set(run, start(run));
    const engine = await engines.get(run);
    const began = performance.now();
    const told = ask(engine, path, { ...given, source: opened(given) });
    if (told.answer && "milliseconds" in told.answer) told.answer.milliseconds = performance.now() - began;
    return told;
  } catch (error) {
    engines.delete(run);                                          // a module that has stopped cannot go on
    const help = "Try something else, or run `any2any explore` on the run itself.";
    return { problem: { code: "engine", message: `The page's own decoder stopped: ${error.message}`, help } };
  }
}

/** @param {number} run @returns {Promise<Exports>} */
async function start(run) {
  compiled ??= Promise.all([compile("engine"), compile("relaxed").catch(() => null)]);
  /** @type {[WebAssembly.Module, WebAssembly.Module | null]} */
  const [module, relaxed] = await compiled;
  const { exports } = await WebAssembly.instantiate(module, {});
  const engine = /** @type {Exports} */ (/** @type {unknown} */ (exports));
  if (relaxed) await lend(engine, relaxed);
  give(engine, [await unpacked(`model-${run}`)]);
  if (engine.load() < 0) throw new Error(resultOf(engine).message);
  return engine;
}

/** @param {string} name @returns {Promise<WebAssembly.Module>} */
const compile = async (name) => WebAssembly.compile(await unpacked(name));

/** Lends the engine products by relaxed vectors (crates/relaxed), if those of this processor are right. @param {Exports} engine @param {WebAssembly.Module} module */
async function lend(engine, module) {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory: engine.memory } });
  const taken = (name) => engine.lend(engine.__indirect_function_table.grow(1, exports[name])) === 1;
  lent = ["of_unsigned", "of_signed"].find(taken) ?? null;
}

/** @param {Exports} engine @param {string} path */
function ask(engine, path, question) {
  const [endpoint, body] = [path, JSON.stringify(question)].map((text) => new TextEncoder().encode(text));
  give(engine, [endpoint, body]);
  const failed = engine.answer(0, endpoint.length) < 0;
  return failed ? { problem: { help: "", ...resultOf(engine) } } : { answer: resultOf(engine) };
}

/** Writes parts, one after the other, into the engine's memory. @param {Exports} engine @param {Uint8Array[]} parts */
function give(engine, parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  let place = engine.reserve(length);
  for (const part of parts) {
    new Uint8Array(engine.memory.buffer, place, part.length).set(part);
    place += part.length;
  }
}

/** @param {Exports} engine */
function resultOf(engine) {
  const result = new Uint8Array(engine.memory.buffer, engine.result(), engine.result_length());
  return JSON.parse(new TextDecoder().decode(result));
}

/** The source of a question, a recorded sample as the value that it is. */
function opened({ run, task, source }) {
  if (!source?.sample) return source;
  const { split, number } = source.sample;
  const samples = recorded("GET", "/api/samples", { run, task, split })?.samples ?? [];
  const sample = samples.find((each) => each.number === number);
  return sample?.source ? { view: whole(sample.source) } : source;
}

/** A view whose numbers are 32-bit floats again. @param {View} view */
function whole(view) {
  if (!view.signal) return view;
  const { shape, values } = floats(view.signal.samples);
  const data = base64(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { signal: { ...view.signal, samples: { shape, data } } };
}
