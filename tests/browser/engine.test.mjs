// The engine of exported pages writes what the program itself writes with 8-bit weights, of every medium, and what it says of
// attention and the next token is what the program says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { askPage, engineOf, exportedPage, portable } from "./engine.mjs";
import { ANY2ANY, WORKSHOP, floats, launch, logitsOf, serve } from "./support.mjs";

/** Runs of the workshop: of texts, of pictures, sounds and recordings, and of ids and frames. Others may be named. */
const RUNS = (process.env.ENGINE_RUNS ?? "text,media,prepared").split(",");
/** Inputs of each task, or as many as it has. */
const INPUTS = 200;
/** Tokens whose logits, and texts whose log-probabilities are no further apart are as likely as each other. */
const TIE = 0.02;

const folder = mkdtempSync(path.join(tmpdir(), "rounded-"));
after(() => rmSync(folder, { recursive: true }));

const runOf = (name) => path.resolve(WORKSHOP, name);

/** A server of runs with weights in 8 bits, which the native engine decodes with. */
const rounded = RUNS.map((run) => {
  const place = path.join(folder, path.basename(run));
  execFileSync(ANY2ANY, ["export", runOf(run), place, "--int8"], { stdio: ["ignore", "ignore", "inherit"] });
  return place;
});
const [url, browser] = await Promise.all([serve(rounded), launch()]);

async function ask(endpoint, body) {
  const options = body ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {};
  const answer = await (await fetch(`${url}/api/${endpoint}`, options)).json();
  assert.ok(!answer.error, `${endpoint}: ${JSON.stringify(answer.error)}`);
  return answer;
}

/** The first inputs of a task, as values: of the test split, and of the others where that has fewer. */
async function inputsOf(run, { number, splits }) {
  const inputs = [];
  for (const split of splits.toSorted((a, b) => Number(b === "test") - Number(a === "test"))) {
    for (let from = 0, total = Infinity; from < total && inputs.length < INPUTS;) {
      const page = await ask(`samples?run=${run}&task=${number}&split=${split}&from=${from}&count=24`);
      inputs.push(...page.samples.map(({ number, source }) => ({ sample: { split, number }, view: source })));
      if (page.samples.length === 0) break;
      from += page.samples.length;
      total = page.total;
    }
  }
  return inputs.slice(0, INPUTS);
}

const chunks = (all, size) => Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));

/** Engines of a run: the module alone, and in an exported page, where the browser lends it products if it can. */
const ENGINES = {
  "in Node": (name) => engineOf(portable(ANY2ANY, runOf(name))),
  "in an exported page": async (name) => {
    const file = path.join(folder, `${path.basename(name)}.html`);
    execFileSync(ANY2ANY, ["explore", runOf(name), "--export", file, "--samples", "1"], { cwd: WORKSHOP, stdio: ["ignore", "ignore", "inherit"] });
    const page = await exportedPage(browser, file);
    return (endpoint, body) => askPage(page, endpoint, body);
  },
};

for (const [[run, name], [where, start]] of [...RUNS.entries()].flatMap((each) => Object.entries(ENGINES).map((engine) => /** @type {const} */ ([each, engine])))) {
  test(`${name}: the tokens are those of the native engine, ${where}`, async () => {
    const engine = await start(name);
    const { model: { tasks } } = (await ask("runs"))[run];
    let compared = 0;
    for (const task of tasks.filter(({ target, per_position }) => target.tokens && !per_position)) {
      const inputs = await inputsOf(run, task);
      const decodings = task.decoding.beam ? [{}, { greedy: {} }] : [{ greedy: {} }];
      for (const decoding of decodings) {
        let same = 0;
        for (const together of chunks(inputs, 8)) {
          const { outputs } = await ask("translate", { run, task: task.number, decoding, sources: together.map(({ sample }) => ({ sample })) });
          for (const [i, { view, sample }] of together.entries()) {
            const { outputs: [[found]] } = await engine("translate", { task: task.number, decoding, source: { view } });
            const [expected] = outputs[i];
            const what = `${task.name}, sample ${sample.number}, ${JSON.stringify(decoding)}`;
            const at = found.tokens.findIndex((token, place) => token !== expected.tokens[place]);
            if (at >= 0) {
              // The engine adds without fused instructions, so a value may be rounded to its other neighbour of 8 bits, and of
              // what is as likely as something else the engine may write that.
              const apart = "greedy" in decoding
                ? gap(await engine("look", { task: task.number, source: { view }, tokens: found.tokens.slice(0, at) }), at, found.tokens[at], expected.tokens[at])
                : Math.abs(found.log_probability - expected.log_probability);
              assert.ok(apart < TIE, `${what}: ${found.tokens} and ${expected.tokens}, ${apart} apart`);
              console.log(`${what}: ${found.tokens} and ${expected.tokens} are ${apart} apart`);
              continue;
            }
            same += 1;
            assert.deepEqual(found.tokens, expected.tokens, what);
            assert.deepEqual(found.view, expected.view);
            assert.ok(Math.abs(found.log_probability - expected.log_probability) < 0.02, `${found.log_probability}, not ${expected.log_probability}`);
          }
        }
        console.log(`${name}, ${task.name}, ${JSON.stringify(decoding)}: ${same} of ${inputs.length} the same`);
        assert.ok(same >= 0.98 * inputs.length, `${same} of ${inputs.length} are the same`);
      }
      compared += inputs.length;
    }
    assert.ok(compared > 0, "a task that writes tokens");
  });
}

for (const [run, name] of RUNS.entries()) {
  test(`${name}: a look says what the program says`, async () => {
    const engine = await engineOf(portable(ANY2ANY, runOf(name)));
    const { model: { tasks } } = (await ask("runs"))[run];
    for (const task of tasks.filter(({ target, per_position }) => target.tokens && !per_position)) {
      const [{ view, sample }] = await inputsOf(run, task);
      const about = { run, task: task.number };
      const { outputs: [[{ tokens }]] } = await ask("translate", { ...about, source: { sample }, decoding: { greedy: {} } });
      const { attention: [{ stack, kind, layer }] } = await ask("look", { ...about, source: { sample }, tokens });
      for (const taken of [{}, { masked: [1] }, { ablated: [{ stack, kind, layer, head: 0 }, { stack: "decoder", kind: "cross", layer: 0, head: 1 }] }]) {
        const expected = await ask("look", { ...about, source: { sample }, tokens, ...taken });
        const found = await engine("look", { task: task.number, source: { view }, tokens, ...taken });
        const what = `${task.name} ${JSON.stringify(taken)}`;
        assert.deepEqual(found.source.positions, expected.source.positions, what);
        assert.deepEqual(found.source.view, expected.source.view, what);
        assert.deepEqual(found.target.view, expected.target.view, what);
        assert.equal(found.longest, expected.longest, what);
        close(found.logits, expected.logits, 0.35, `${what}: logits`);
        assert.deepEqual(found.attention.map(placeOf), expected.attention.map(placeOf), what);
        // The program's looks are of the rounded weights in 32-bit arithmetic, so they are near and not equal.
        found.attention.forEach((each, i) => close(each.weights, expected.attention[i].weights, 0.08, `${what}: ${placeOf(each)}`));
      }
    }
  });
}

/** How far the logits of two tokens in a row of a look are from each other. */
function gap(look, row, token, other) {
  const logits = logitsOf(look, row);
  return Math.abs(logits[token] - logits[other]);
}

const placeOf = ({ stack, kind, layer }) => `${stack} ${kind} ${layer}`;

function close(found, expected, tolerance, what) {
  assert.deepEqual(found.shape, expected.shape, what);
  const [a, b] = [floats(found).values, floats(expected).values];
  const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  assert.ok(worst <= tolerance, `${what} are ${worst} apart`);
}
