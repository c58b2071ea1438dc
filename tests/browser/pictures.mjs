// The pictures of docs/guide, of trained runs: those that ship, which `any2any lecture` opens, and three that are named, one that
// translates, one that reads an EEG and one that draws:
// `ANY2ANY=any2any node pictures.mjs runs/quickstart runs/ssvep runs/words-to-mnist`. Look at them.

import path from "node:path";
import { launch, link, openPanel, serve, settled } from "./support.mjs";

const FOLDER = path.resolve(import.meta.dirname, "../../docs/images/explorer");
const named = process.argv.slice(2).map((run) => path.resolve(run));
const browser = await launch();

/** @typedef {import("playwright-core").Page} Page */

/** Pages of the runs of one server. */
async function pagesOf(runs, command) {
  const url = await serve(runs, (stop) => process.on("exit", stop), ["--no-token"], command);
  const known = await (await fetch(`${url}/api/runs`)).json();
  return {
    numberOf: (name) => known.find((run) => run.name === name).number,
    /** @param {object} state @param {(page: Page) => Promise<void>} work @param {{ width: number, height: number }} [viewport] */
    async open(state, work, viewport = { width: 1200, height: 900 }) {
      const context = await browser.newContext({ viewport });
      const page = await context.newPage();
      await page.goto(`${url}/${link(state)}`);
      if (state.panel !== "story") await settled(page);
      await work(page);
      await context.close();
    },
  };
}

/** Keeps a picture of a part of a page: its upper part, where it is long. @param {import("playwright-core").Locator} part */
async function keep(part, name, { most = 780 } = {}) {
  const page = part.page();
  await page.mouse.move(0, 0);
  await page.waitForTimeout(300);
  // The stage would cover what scrolls below it.
  await page.evaluate(() => { document.getElementById("stage").style.position = "relative"; });
  const clip = await part.evaluate((element, height) => {
    const { left, top, width, bottom } = element.getBoundingClientRect();
    return { x: Math.max(0, left + scrollX - 20), y: Math.max(0, top + scrollY - 8), width: width + 40, height: Math.min(height, bottom - top + 24) };
  }, most);
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: "disabled", fullPage: true, clip });
  console.log(`${name}.png`);
}

const shipped = await pagesOf([], ["lecture"]);
const agreement = { run: shipped.numberOf("agreement"), panel: "memory", chosen: 0, input: { sample: { split: "test", number: 20 } } };
await shipped.open({ ...agreement, second: { run: shipped.numberOf("agreement-lstm"), checkpoint: "best", input: null } }, async (page) => {
  await page.locator("#panel-memory svg.reach").waitFor();
  await keep(page.locator("#panel-memory"), "memory");
});
// Chapters with the step that is shown, after their animations.
for (const [chapter, id, step] of /** @type {const} */ ([[1, "memory", 1], [8, "media", 0]])) {
  await shipped.open({ panel: "story", story: { chapter, step } }, async (page) => {
    await page.waitForFunction(() => document.querySelector(".story-figure")?.children.length > 0 && !document.querySelector("#panel-story .waiting"));
    await page.waitForTimeout(6000);
    await keep(page.locator("#panel-story"), `story-${id}`, { most: 900 });
  }, { width: 1440, height: 900 });
}

const [TRANSLATION, EEG, DRAWING] = named.keys();
const trained = await pagesOf(named, ["explore"]);
const translation = { run: TRANSLATION };
const TEXT = { text: "The cat that was chased by the dog ran into the house." };
const CROSS = { stack: "decoder", kind: "cross", layer: 0, head: 0 };

await trained.open({ ...translation, panel: "attention", input: TEXT, chosen: 4, head: CROSS }, (page) => keep(page.locator("body"), "page", { most: 900 }));
await trained.open({ ...translation, panel: "attention", input: TEXT, chosen: 4, head: CROSS }, async (page) => {
  const panel = page.locator("#panel-attention");
  for (const head of [0, 1, 2]) await panel.locator(`[data-head-colour='${head}']`).click();
  await keep(panel.locator("section.card", { has: page.locator(".stripes") }), "heads-in-colours");
});
await trained.open({ ...translation, panel: "beam", input: TEXT }, (page) => keep(page.locator("#panel-beam"), "beam"));
await trained.open({ ...translation, panel: "machine", input: TEXT }, (page) => keep(page.locator("#panel-machine"), "machine", { most: 640 }));
await trained.open({ ...translation, panel: "research", research: "lens", input: TEXT }, async (page) => {
  await page.locator("#panel-research .lens td button").first().waitFor();
  await keep(page.locator("#panel-research"), "logit-lens");
});
await trained.open({ ...translation, panel: "research", research: "patching", input: TEXT, chosen: 1 }, async (page) => {
  const panel = page.locator("#panel-research");
  await panel.getByRole("textbox", { name: "The other text" }).fill(TEXT.text.replace("cat", "horse"));
  await page.keyboard.press("Enter");
  await panel.locator(".matrix canvas").first().waitFor();
  await settled(page);
  await keep(panel, "patching");
});
await trained.open({ run: EEG, panel: "source", chosen: 0 }, async (page) => {
  await page.locator("#stage .chip.target").first().hover();
  await keep(page.locator("#panel-source"), "source-traces");
});
await trained.open({ run: DRAWING, panel: "training" }, async (page) => {
  const samples = (await openPanel(page, "training")).locator(".samples-improving");
  await samples.locator("canvas").first().waitFor();
  await keep(samples, "training-pictures");
});
await browser.close();
process.exit(0);
