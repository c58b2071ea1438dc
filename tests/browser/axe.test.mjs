// The page for everyone: axe finds nothing critical or serious on any tab, in light and dark, on three sizes of screens.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { LSTM, MAP, MEDIA, TEXT, WRITE, contextOf, explorer, link, opened, settled, until, visit } from "./support.mjs";

const { browser, url } = await explorer();
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PANELS = ["story", "source", "steps", "attention", "distribution", "beam", "whatif", "machine", "memory", "research", "compare", "training", "sweep"];
const SIZES = [[1920, 1080], [1440, 900], [390, 844]];

/** What axe finds critical or serious on the page as it stands. */
const findings = async (page) => {
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => ["critical", "serious"].includes(impact)).flatMap(({ id, impact, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary }) => `${impact} ${id}: ${target} (${failureSummary.replaceAll(/\s+/g, " ").slice(0, 160)})`));
};

for (const [width, height] of SIZES) {
  for (const scheme of /** @type {const} */ (["light", "dark"])) {
    test(`every tab is accessible at ${width} × ${height}, ${scheme}`, async () => {
      const context = await contextOf(browser, { viewport: { width, height }, colorScheme: scheme, bypassCSP: true });
      const found = [];
      const look = (run, panels, state = {}) => visit(context, `${url}/${link({ run, panel: panels[0], ...state })}`, async (page) => {
        await page.addScriptTag({ content: axe });
        if (run !== MAP) await opened(page);
        for (const id of panels) {
          await page.click(`#tab-${id}`);
          await until(page, (name) => document.querySelector(`#panel-${name}:not([hidden]) .panel-body`), id);
          await settled(page);
          found.push(...(await findings(page)).map((words) => `run ${run}, ${id}: ${words}`));
        }
      });
      await look(TEXT, PANELS);
      await look(TEXT, ["research"], { research: "patching", chosen: 1 });
      await look(TEXT, ["research"], { research: "neighbours", chosen: 1 });
      await look(TEXT, ["research"], { research: "samples" });
      await look(TEXT, ["attention"], { overlay: [0, 2], head: { stack: "decoder", kind: "cross", layer: 0, head: 1 } });
      if (width === 1440) {
        await look(LSTM, ["attention", "machine", "memory"]);
        await look(MEDIA, ["source", "steps", "attention", "whatif", "training"]);
        await look(WRITE, ["source", "attention"]);
        await look(MAP, ["sweep"]);
      }
      assert.deepEqual([...new Set(found)], []);
      await context.close();
    });
  }
}
