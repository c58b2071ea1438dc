// The exported page: one file that opens from a disk, offline, and says what the live page said.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { askPage, exportedPage, productsOf } from "./engine.mjs";
import {
  ANY2ANY, FAR, MEDIA, WORKSHOP, allNear, contextOf, dataOf, distancesOf, explorer, inWorkshop, link, logitsOf, near, openPanel, opened, settled, softmax,
  stateOf, until, visit, weightsOf,
} from "./support.mjs";

const { ask, browser } = await explorer();
const folder = mkdtempSync(path.join(tmpdir(), "exported-"));
after(() => rmSync(folder, { recursive: true }));
const offline = await contextOf(browser);
await offline.setOffline(true);

const PANELS = ["source", "steps", "attention", "distribution", "beam", "whatif", "machine", "memory", "compare", "training"];
const TYPED = { text: "a man sees the tree today ." };

function exported(run, ...more) {
  const file = path.join(folder, `${run}.html`);
  execFileSync(ANY2ANY, ["explore", run, "--export", file, ...more], { cwd: WORKSHOP, stdio: ["ignore", "ignore", "inherit"] });
  return file;
}

/** A sound of the workshop. */
const firstSound = () => `sounds/${readdirSync(inWorkshop("sounds")).sort()[0]}`;

/** Half precision keeps eleven bits. */
const half = (value) => Math.abs(value) / 1024 + 1e-4;

test("the text run's file is small, and every panel of it shows what was recorded", async () => {
  const file = exported("text", "--samples", "4", "--text", TYPED.text);
  const { size } = statSync(file);
  assert.ok(size < 4_500_000, `${size} bytes, the engine and the model among them`);
  // With a link to a run it opens on the mean of all heads.
  await visit(offline, `file://${file}${link({ run: 0 })}`, async (page) => {
    await opened(page);
    assert.equal(await page.locator(".brand-sub").textContent(), " recorded");
    const question = { run: 0, task: 0, source: (await stateOf(page, "input")).input, tokens: (await stateOf(page, "tokens")).tokens };
    const look = await ask("look", question);
    for (const id of PANELS) {
      const panel = await openPanel(page, id);
      const text = await panel.innerText();
      assert.ok(text.length > 150, `${id}: ${text}`);
      assert.doesNotMatch(text, /undefined|NaN|could not be opened/);
      assert.equal(await page.locator(".problem").isHidden(), true, id);
    }
    // The same numbers, within half precision.
    await openPanel(page, "distribution");
    await page.locator("#stage .chip.target").nth(2).click();
    const rows = page.locator("#panel-distribution .bar-row");
    const { forbidden } = await ask("vocabulary?run=0&task=0");
    const shares = softmax(logitsOf(look, 2), { forbidden });
    allNear(await dataOf(rows, "modelProbability"), (await dataOf(rows, "token")).map((token) => shares[token]), 0.01, "probability");
    await openPanel(page, "steps");
    const { weight, columns } = weightsOf(look, "decoder", "cross");
    const drawn = await dataOf(page.locator("#stage .chip.source"), "weight");
    drawn.forEach((each, key) => near(each, weight(2, key), half(weight(2, key)), "weight"));
    assert.equal(drawn.length, columns);
    await openPanel(page, "whatif");
    const word = look.target.positions[2].label.replaceAll("▁", "·");
    await until(page, (text) => [...document.querySelectorAll("#panel-whatif h3")].some((title) => title.textContent === `What counted for “${text}”`), word);
    await settled(page);
    const attribution = await ask("attribution", { ...question, position: 2, method: "occlusion" });
    const bars = await dataOf(page.locator("#panel-whatif .side-by-side > figure").nth(1).locator(".chip.source"), "weight");
    bars.forEach((each, i) => near(each, attribution.source[i], 2 * half(attribution.source[i]), "attribution"));
    // What was not recorded is said, and is no failure.
    await page.locator("#panel-whatif .question .chip.source").first().click();
    await page.waitForTimeout(300);
    assert.match(await page.locator("body").innerText(), /record/);
  });
  await visit(offline, `file://${file}${link({ input: TYPED })}`, async (page) => {
    await opened(page);
    const { outputs: [[{ tokens }]] } = await ask("translate", { run: 0, task: 0, source: TYPED, decoding: { greedy: {} } });
    assert.deepEqual((await stateOf(page, "tokens")).tokens, tokens);
  });
});

test("the page multiplies with relaxed vectors where those are right, and with its own without", async () => {
  const file = path.join(folder, "text.html");
  const answered = [];
  for (const lends of [true, false]) {
    const page = await exportedPage(browser, file, lends);
    answered.push({ told: await askPage(page, "translate", { task: 0, source: { text: TYPED.text } }), products: await productsOf(page) });
  }
  assert.equal(answered[1].products, null);
  assert.deepEqual(answered[0].told, answered[1].told);
  if (process.platform === "linux" && process.arch === "x64") {
    // Without the instruction that adds whole products Chromium takes one that stops sums at 16 bits.
    const whole = readFileSync("/proc/cpuinfo", "utf8").includes("avx_vnni");
    assert.equal(answered[0].products, whole ? "of_unsigned" : null);
  }
});

test("the page translates what nobody has recorded, and looks into that", async () => {
  const file = path.join(folder, "text.html");
  await visit(offline, `file://${file}`, async (page) => {
    await opened(page);
    const panel = await openPanel(page, "source");
    const NEW = { text: "the woman sees a dog today ." };
    await panel.locator("textarea").fill(NEW.text);
    await panel.locator("textarea").press("Enter");
    await until(page, async (text) => {
      const { state } = await import("any2any/state");
      return state.input?.text === text && state.tokens.length > 0 && state.look?.target.positions.length === state.tokens.length && !state.busy;
    }, NEW.text);
    assert.equal(await page.locator(".problem").isHidden(), true);
    const { tokens } = await stateOf(page, "tokens");
    const { outputs: [[expected]] } = await ask("translate", { run: 0, task: 0, source: NEW, decoding: { greedy: {} } });
    assert.deepEqual(tokens.filter((token, i) => i < expected.tokens.length), expected.tokens);
    // Attention and the next word of the page's own pass are near those of the program.
    const found = await page.evaluate(async () => (await import("any2any/state")).state.look);
    const look = await ask("look", { run: 0, task: 0, source: NEW, tokens });
    const [own, right] = [found, look].map((each) => weightsOf(each, "decoder", "cross"));
    assert.equal(own.columns, right.columns);
    for (let row = 0; row < own.rows; row += 1) {
      for (let key = 0; key < own.columns; key += 1) near(own.weight(row, key), right.weight(row, key), 0.08, `attention ${row} ${key}`);
    }
    // A part that is hidden, and a head that is silenced.
    for (const taken of [{ masked: [1] }, { ablated: [{ stack: "decoder", kind: "cross", layer: 0, head: 0 }] }]) {
      await page.evaluate(async (taken) => { const { set } = await import("any2any/state"); set({ masked: [], ablated: [], ...taken }); }, taken);
      await settled(page);
      assert.equal(await page.locator(".problem").isHidden(), true, JSON.stringify(taken));
      const altered = await page.evaluate(async () => (await import("any2any/state")).state.look);
      const expected = await ask("look", { run: 0, task: 0, source: NEW, tokens, ...taken });
      allNear(logitsOf(altered, 0), logitsOf(expected, 0), 0.5, `logits without ${JSON.stringify(taken)}`);
    }
  });
});

test("how often a model is right by distance is counted before", async () => {
  const file = exported("far", "--samples", "1");
  const groups = await distancesOf(ask, FAR);
  const total = (field) => groups.reduce((sum, group) => sum + group[field], 0);
  await visit(offline, `file://${file}${link({ panel: "memory" })}`, async (page) => {
    await opened(page);
    await page.locator("#panel-memory .accuracy circle").first().waitFor();
    assert.equal(await page.locator('#panel-memory .reach [data-series="0"]').count(), (await ask("look", { run: FAR, task: 0, source: (await stateOf(page, "input")).input })).source.positions.length);
    const said = await page.locator("#panel-memory").innerText();
    assert.ok(said.includes(`: ${((100 * total("first_right")) / total("samples")).toFixed(1)} % of ${total("samples")}.`), said);
  });
});

test("a drawing and a recording are read without a server", async () => {
  const file = exported("media", "--samples", "1");
  const { model: { tasks } } = (await ask("runs"))[MEDIA];
  const taskOf = (medium) => tasks.find(({ source, target }) => source?.medium === medium && target.kind === "text").number;
  await visit(offline, `file://${file}${link({ task: taskOf("image") })}`, async (page) => {
    const panel = await openPanel(page, "source");
    const pad = panel.locator("canvas.sketch, .sketch canvas").first();
    await pad.waitFor();
    await pad.scrollIntoViewIfNeeded();
    const box = await pad.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 12 });
    await page.mouse.up();
    await until(page, async () => {
      const { state } = await import("any2any/state");
      return state.input?.file?.name === "drawing.png" && state.look?.target.positions.length > 0 && !state.busy;
    });
    assert.equal(await page.locator(".problem").isHidden(), true);
    const { input, tokens } = await page.evaluate(async () => { const { state } = await import("any2any/state"); return { input: state.input, tokens: state.tokens }; });
    const { outputs: [[expected]] } = await ask("translate", { run: MEDIA, task: taskOf("image"), source: input, decoding: { greedy: {} } });
    assert.deepEqual(tokens.slice(0, expected.tokens.length), expected.tokens);
  });
  await visit(offline, `file://${file}${link({ task: taskOf("audio") })}`, async (page) => {
    await openPanel(page, "source");
    const content = readFileSync(inWorkshop(firstSound())).toString("base64");
    const source = { file: { name: "recording.wav", content } };
    const found = await page.evaluate(async ([task, source]) => {
      const { api, LIKELIEST } = await import("any2any/api");
      return api.translate({ run: 0, checkpoint: "best", task, source, decoding: LIKELIEST });
    }, /** @type {const} */ ([taskOf("audio"), source]));
    const expected = await ask("translate", { run: MEDIA, task: taskOf("audio"), source, decoding: { greedy: {} } });
    assert.deepEqual(found.outputs[0][0].tokens, expected.outputs[0][0].tokens);
  });
});

test("all media are exported", async () => {
  const file = path.join(folder, "media.html");
  const { model: { tasks } } = (await ask("runs"))[2];
  for (const { number } of tasks) {
    await visit(offline, `file://${file}${link({ task: number })}`, async (page) => {
      for (const id of ["source", "steps", "attention"]) {
        const panel = await openPanel(page, id);
        assert.equal(await page.locator(".problem").isHidden(), true, id);
        assert.ok((await panel.innerText()).length > 150);
      }
    });
  }
});
