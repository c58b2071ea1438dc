// The exported page: one file that opens from a disk, offline, and says what the live page said.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import {
  ANY2ANY, FAR, WORKSHOP, allNear, contextOf, dataOf, distancesOf, explorer, link, logitsOf, near, openPanel, opened, picture, settled, softmax,
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

/** Half precision keeps eleven bits. */
const half = (value) => Math.abs(value) / 1024 + 1e-4;

test("the text run's file is small, and every panel of it shows what was recorded", async () => {
  const file = exported("text", "--samples", "4", "--text", TYPED.text);
  const { size } = statSync(file);
  assert.ok(size < 3_000_000, `${size} bytes`);
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
    await picture(await openPanel(page, "steps"), "exported");
  });
  await visit(offline, `file://${file}${link({ input: TYPED })}`, async (page) => {
    await opened(page);
    const { outputs: [[{ tokens }]] } = await ask("translate", { run: 0, task: 0, source: TYPED, decoding: { greedy: {} } });
    assert.deepEqual((await stateOf(page, "tokens")).tokens, tokens);
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

test("all media are exported", async () => {
  const file = exported("media", "--samples", "1");
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
