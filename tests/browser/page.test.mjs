// The page as a whole: its address, keys, themes, narrow screens, files to keep, and long inputs.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MEDIA, TEXT, contextOf, dataOf, explorer, link, openPanel, opened, pixelsOf, saved, settled, stateOf,
  until, visit,
} from "./support.mjs";

const { ask, clicks, url, browser, context } = await explorer();
const runs = await ask("runs");
const taskOf = (name) => runs[MEDIA].model.tasks.find((task) => task.name === name).number;
const PANELS = ["story", "source", "steps", "attention", "distribution", "beam", "whatif", "machine", "memory", "research", "compare", "training", "sweep"];
const HEAD = { stack: "encoder", kind: "self", layer: 0, head: 1 };

clicks("every panel opens, at its own key", { run: TEXT }, async (page) => {
  for (const [i, id] of PANELS.entries()) {
    await page.keyboard.press("s1234567890-="[i]);
    await until(page, (name) => document.querySelector(`#panel-${name}:not([hidden]) .panel-body`), id);
    await settled(page);
    assert.equal(await page.locator(`#tab-${id}`).getAttribute("aria-selected"), "true");
    assert.ok((await page.locator(`#panel-${id}`).innerText()).length > 100);
    assert.doesNotMatch(await page.locator(`#panel-${id}`).innerText(), /undefined|NaN|\[object|could not be opened/);
  }
});

clicks("keys step, choose and explain; arrows walk through tabs and figures", { run: TEXT }, async (page) => {
  const { tokens } = await stateOf(page, "tokens");
  const count = () => page.locator("#stage .chip.target:not(.ghost)").count();
  for (const [key, expected] of [["Home", 0], ["ArrowRight", 1], ["ArrowRight", 2], ["ArrowLeft", 1], ["End", tokens.length]]) {
    await page.keyboard.press(key);
    await settled(page);
    await until(page, (many) => document.querySelectorAll("#stage .chip.target:not(.ghost)").length === many, expected);
    assert.equal(await count(), expected, key);
  }
  await page.keyboard.press("[");
  assert.equal((await stateOf(page, "chosen")).chosen, tokens.length - 2);
  await page.keyboard.press("Escape");
  assert.equal((await stateOf(page, "chosen")).chosen, null);
  await page.keyboard.press("?");
  await page.locator("dialog.help").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog.help").waitFor({ state: "detached" });
  await page.focus("#tab-source");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await until(page, () => document.activeElement.id === "tab-attention" && document.querySelector("#panel-attention .matrix-area"));
  await page.focus("#panel-attention .matrix-area");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal((await stateOf(page, "hover")).hover.position, 1);
});

clicks("of two panels that are opened at once the last stays, though the first is loaded after it", { run: TEXT }, async (page) => {
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  await page.route("**/panels/steps.js", async (route) => { await held; await route.continue(); });
  await page.keyboard.press("2");
  await page.keyboard.press("3");
  const attention = page.locator("#panel-attention .matrix-area");
  await attention.waitFor();
  const loaded = page.waitForResponse("**/panels/steps.js");
  goOn();
  await loaded;
  await page.locator("#panel-steps .panel-body").waitFor({ state: "attached" });
  await settled(page);
  assert.equal(await page.locator("main .panel:visible").getAttribute("id"), "panel-attention");
  await page.keyboard.press("2");
  await page.locator("#panel-steps .panel-body").waitFor();
  await attention.waitFor({ state: "hidden" });
});

clicks("the address leads back to the same figure", { panel: "source" }, async (page) => {
  await page.locator("#panel-source").getByRole("textbox").fill("a woman seeks a book .");
  await page.locator("#panel-source").getByRole("textbox").press("Enter");
  await until(page, () => import("any2any/state").then(({ state }) => state.input.text && state.tokens.length > 2));
  await settled(page);
  await page.evaluate(async (head) => (await import("any2any/state")).set({ head, chosen: 1, temperature: 1.4, top_k: 7, masked: [2], theme: "dark", panel: "distribution" }), HEAD);
  await settled(page);
  await page.waitForTimeout(250);
  const kept = ["run", "checkpoint", "task", "input", "tokens", "chosen", "head", "masked", "temperature", "top_k", "theme", "panel"];
  const before = await stateOf(page, ...kept);
  const bars = await dataOf(page.locator("#panel-distribution .bar-row"), "probability");
  const address = await page.evaluate(() => location.href);
  await visit(context, address, async (other) => {
    await opened(other);
    await until(other, () => document.querySelector("#panel-distribution .bar-row"));
    assert.deepEqual(await stateOf(other, ...kept), before);
    assert.deepEqual(await dataOf(other.locator("#panel-distribution .bar-row"), "probability"), bars);
  });
});

const FORMER = { head: { ...HEAD, kind: "own" }, muted: [{ ...HEAD, kind: "own" }] };
clicks("an address of before leads to the same figure", FORMER, async (page) => {
  assert.deepEqual(await stateOf(page, "head", "ablated"), { head: HEAD, ablated: [HEAD] });
});

clicks("a broken address opens what there is", { run: 99, panel: "nothing", tokens: [1], input: { text: "x" } }, async (page) => {
  assert.equal(await page.locator("#tab-source").getAttribute("aria-selected"), "true");
  assert.ok(await page.locator("#stage .chip").count() > 0);
});

for (const scheme of ["light", "dark"]) {
  test(`the page is ${scheme} where the system is, and can be switched`, async () => {
    const window = await contextOf(browser, { colorScheme: scheme });
    await visit(window, `${url}/${link({ panel: "attention" })}`, async (page) => {
      await opened(page);
      const brightness = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((sum, each) => sum + each) / 765);
      const paper = async () => (await pixelsOf(page.locator("#panel-attention .head-cell canvas").last(), [[0.99, 0.01]]))[0][0] / 255;
      assert.equal(await brightness() > 0.5, scheme === "light");
      const before = await paper();
      for (const theme of ["light", "dark"]) {
        await page.getByRole("button", { name: "Theme" }).click();
        assert.equal((await stateOf(page, "theme")).theme, theme);
        assert.equal(await brightness() > 0.5, theme === "light");
      }
      if (scheme === "light") assert.ok(Math.abs(before - await paper()) > 0.1, "canvases are drawn anew");
    });
    await window.close();
  });
}

test("nothing is wider than a narrow screen", async () => {
  const window = await contextOf(browser, { viewport: { width: 360, height: 740 } });
  for (const state of [{ run: TEXT }, { run: MEDIA, task: taskOf("feel") }]) {
    await visit(window, `${url}/${link(state)}`, async (page) => {
      await opened(page);
      for (const id of PANELS) {
        await openPanel(page, id);
        await page.waitForTimeout(150);                           // figures that measure their room draw once more
        const { wide, who } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth,
          who: [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > 361).slice(0, 3).map((each) => each.outerHTML.slice(0, 80)),
        }));
        assert.ok(wide <= 360, `${id} is ${wide} wide: ${who}`);
      }
      if (state.run === TEXT) {
        await openPanel(page, "steps");
      }
    });
  }
  await window.close();
});

const FIGURES = ["source", "steps", "attention", "distribution", "beam", "whatif", "machine", "memory", "compare", "training"];
clicks("every figure is saved as PNG, SVG and JSON", { run: TEXT }, async (page) => {
  for (const id of FIGURES) {
    const panel = await openPanel(page, id);
    const buttons = panel.locator(id === "whatif" ? ".result .downloads" : ".downloads").first();
    await buttons.waitFor();
    if (id === "training") await panel.locator(".chart").first().waitFor();
    if (id === "memory") await panel.locator(".reach").waitFor();
    const png = await saved(page, buttons.getByText("PNG"));
    assert.equal(png.bytes.subarray(1, 4).toString(), "PNG", id);
    assert.ok(png.bytes.readUInt32BE(16) > 100 && png.bytes.length > 1000, `${id}: the picture has a size`);
    const svg = await saved(page, buttons.getByText("SVG"));
    const drawing = svg.bytes.toString();
    assert.ok(drawing.match(/<(rect|path|text|image|circle)\b/g).length > 3, `${id}: something is drawn`);
    await page.evaluate((text) => {
      const image = new Image();
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
      return image.decode();                                      // fails where the drawing is broken
    }, drawing);
    assert.doesNotMatch(drawing, /\bclass="|NaN/, `${id}: it needs no style sheet`);
    const json = JSON.parse((await saved(page, buttons.getByText("JSON"))).bytes.toString());
    assert.ok(JSON.stringify(json).length > 20, `${id}: ${JSON.stringify(json)}`);
  }
});

// 4,000 mel frames, nearly as many as are taken, of which the model's entrance makes 2,000 positions.
clicks("a long sound stays fluid", { run: MEDIA, task: taskOf("hear"), panel: "source" }, async (page) => {
  const content = longSound(40);
  await page.evaluate(async (file) => (await import("any2any/state")).set({ input: { file }, tokens: [] }), { name: "long.wav", content });
  await until(page, () => import("any2any/state").then(({ state }) => state.look?.source?.positions.length >= 1999));
  await settled(page);
  for (const id of ["source", "steps", "attention"]) {
    await openPanel(page, id);
    const area = page.locator(`#panel-${id} .picture-area`).first();
    await area.hover();
    const { slowest, arcs } = await page.evaluate(async () => {
      const { set } = await import("any2any/state");
      let slowest = 0;
      for (let position = 0; position < 2000; position += 100) {
        const begin = performance.now();
        set({ hover: { side: "source", position } });
        document.body.getBoundingClientRect();
        slowest = Math.max(slowest, performance.now() - begin);
      }
      return { slowest, arcs: document.querySelectorAll("#stage .arc").length };
    });
    assert.ok(arcs <= 24, "only the strongest edges are drawn");
    assert.ok(slowest < 250, `${id}: pointing takes ${slowest} ms`);
  }
});

/** A WAV file of a rising tone, as base64. */
function longSound(seconds, rate = 8000) {
  const file = Buffer.alloc(44 + 2 * Math.floor(rate * seconds));
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, rate, 4], [28, 2 * rate, 4], [32, 2, 2], [34, 16, 2]].forEach(([at, value, size]) => file.writeUIntLE(value, at, size));
  file.write("data", 36);
  file.writeUInt32LE(file.length - 44, 40);
  for (let i = 0; i < Math.floor(rate * seconds); i += 1) file.writeInt16LE(Math.round(12000 * Math.sin(2 * Math.PI * (200 + 30 * i / rate) * i / rate)), 44 + 2 * i);
  return file.toString("base64");
}
