// One model and one number: whatever is told of a token is told of the same model, by the same number, in words that fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BARE, LSTM, MAP, TEXT, contextOf, dataOf, explorer, link, logitsOf, near, openPanel, opened, questionOf, reads, settled, softmax, sourceOf, stateOf,
  until, visit, weightsOf,
} from "./support.mjs";

const { ask, clicks, url, browser, context } = await explorer();

const weightText = (weight) => (Math.abs(weight) >= 0.001 || weight === 0 ? weight.toFixed(3) : weight.toPrecision(2)).replace("-", "−");

/** Opens a page on a panel that needs no model. */
const visits = (name, state, work, within = context) => test(name, () => visit(within, `${url}/${link(state)}`, work));

clicks("a token has one probability, wherever it is told", { panel: "distribution", chosen: 1 }, async (page) => {
  const { tokens } = await questionOf(page);
  const [, told] = /probability (.*)$/.exec(await page.locator(".stage-note").textContent());
  const { bar, shown } = await page.locator("#panel-distribution .bar-row.written").evaluate((row) =>
    ({ bar: { ...row.dataset }, shown: row.querySelector(".bar-number").textContent }));
  assert.equal(Number(bar.token), tokens[1]);
  assert.equal(shown, told, "the stage and the bar say the same");
  assert.equal(bar.probability, bar.modelProbability, "nothing is cut off");
  const next = await ask("next", { ...await sourceOf(page), prefix: tokens.slice(0, 1), count: 8 });
  const of = next.tokens.find(({ id }) => id === tokens[1]);
  near(Number(bar.probability), of.probability, 1e-5, "as /api/next says");
  const look = await ask("look", await questionOf(page));
  near(Number(bar.probability), Math.exp(look.target.positions[1].log_probability), 1e-5, "as /api/look says");
});

clicks("what is altered is altered in every figure, and says so", { panel: "whatif", chosen: 2 }, async (page) => {
  const badge = page.locator("#stage .altered");
  assert.ok(await badge.isHidden(), "nothing is altered at first");
  const taken = { masked: [1], ablated: [{ stack: "decoder", kind: "cross", layer: 0, head: 2 }] };
  const asked = [];
  page.on("request", (request) => request.method() === "POST" && asked.push([new URL(request.url()).pathname, request.postDataJSON()]));
  await page.evaluate(async (patch) => (await import("any2any/state")).set(patch), taken);
  await settled(page);
  const question = { ...await questionOf(page), ...taken };
  const right = await ask("attribution", { ...question, position: 2, method: "occlusion" });
  const look = await ask("look", question);
  near(right.base, look.target.positions[2].log_probability, 1e-4, "attribution explains the altered model");
  await until(page, (words) => document.querySelector("#panel-whatif").textContent.includes(words),
    `log-probability ${right.base.toFixed(2).replace("-", "−")}`);
  assert.match(await badge.textContent(), /Altered model: 1 position hidden, 1 head silent. All on this tab is of the altered model/);
  await openPanel(page, "machine");
  await until(page, () => document.querySelector("#panel-machine .machine-svg"));
  assert.match(await badge.textContent(), /All on this tab/);
  for (const path of ["/api/attribution", "/api/machine"]) {
    const bodies = asked.filter(([to]) => to === path).map(([, { masked, ablated }]) => ({ masked, ablated }));
    assert.ok(bodies.length > 0 && bodies.every((body) => JSON.stringify(body) === JSON.stringify(taken)), `${path} is asked of the altered model`);
  }
  await openPanel(page, "beam");
  assert.match(await badge.textContent(), /This tab shows the model as it was trained/);
  await badge.getByRole("button").click();
  assert.deepEqual(await stateOf(page, "masked", "ablated"), { masked: [], ablated: [] });
  assert.ok(await badge.isHidden());
});

visits("a map opens on its map, unless the address names a tab", { run: MAP }, async (page) => {
  await until(page, () => document.querySelector("#panel-sweep:not([hidden]) canvas"));
  assert.equal(await page.locator("#tab-sweep").getAttribute("aria-selected"), "true");
  await page.locator(".picker select").first().selectOption(String(TEXT));
  await settled(page);
  await page.locator("#tab-attention").click();
  await page.locator(".picker select").first().selectOption(String(MAP));
  await until(page, () => document.querySelector("#tab-sweep").getAttribute("aria-selected") === "true");
});

visits("an address may name the tab of a map", { run: MAP, panel: "training" }, async (page) => {
  await until(page, () => document.querySelector("#panel-training:not([hidden])"));
});

for (const [run, what, looks] of /** @type {const} */ ([[LSTM, "with", true], [BARE, "without", false]])) {
  clicks(`a recurrent network ${what} attention is told so`, { run, panel: "attention" }, async (page) => {
    const { attention } = await ask("look", await questionOf(page));
    assert.equal(attention.some(({ kind }) => kind === "cross"), looks);
    const said = await page.locator("#panel-attention").innerText();
    assert.doesNotMatch(said, /Nothing is translated yet/);
    assert.equal(/has no attention/.test(said), !looks);
    const machine = await openPanel(page, "machine");
    await machine.locator(".tour-button").click();
    await machine.getByText("Two halves").waitFor();
    assert.match(await machine.innerText(), looks ? /looking at what has been read/ : /cannot look back at what has been read/);
  });
}

for (const [width, height] of [[900, 720], [390, 844]]) {
  clicks(`a tour is read on a screen of ${width} pixels`, { panel: "machine" }, async (page) => {
    await page.setViewportSize({ width, height });
    const panel = page.locator("#panel-machine");
    await panel.locator(".tour-button").click();
    for (let stop = 1; stop <= 3; stop += 1) {
      const [title, figure] = await Promise.all([panel.locator(".machine-pane h3"), panel.locator(".machine-figure")].map((each) => each.boundingBox()));
      const stage = await page.locator("#stage").boundingBox();
      assert.ok(title.y >= Math.max(0, stage.y + stage.height) && title.y + title.height + 60 <= height, `the title at ${title.y}, with text behind it`);
      assert.ok(figure.y >= Math.max(0, stage.y + stage.height) - 1, "nothing covers the figure");
      await page.keyboard.press("ArrowRight");
      await settled(page);
    }
  });
}

clicks("a piece that the vocabulary lacks is marked as unknown", { panel: "source", input: { text: "the dog sees 漢 ." } }, async (page) => {
  const { source } = await ask("look", await questionOf(page));
  assert.equal(source.positions.filter(({ label }) => label === "<unk>").length, 1);
  const chips = page.locator("#panel-source .chip.unknown");
  assert.deepEqual(await chips.allTextContents(), ["漢?"]);
  assert.match(await chips.getAttribute("title"), /^Unknown: the vocabulary has no piece for “漢”/);
  assert.ok(await page.locator("#panel-source .chip.special").count() > 0, "the end is grey");
  assert.doesNotMatch(await page.locator("#panel-source").innerText(), /the model adds itself/);
});

clicks("an error is in view, and goes with the next success", { panel: "attention" }, async (page) => {
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.evaluate(async () => (await import("any2any/state")).set({ error: Object.assign(new Error("It failed."), { help: "" }) }));
  const box = await page.locator(".problem").boundingBox();
  const { height } = page.viewportSize();
  assert.ok(box.y >= 0 && box.y + box.height <= height, "the message is on the screen, however far the page is scrolled");
  await page.keyboard.press("End");
  await until(page, () => import("any2any/state").then(({ state }) => state.error === null));
  assert.ok(await page.locator(".problem").isHidden());
});

clicks("colours have their numbers", { panel: "attention", chosen: 1 }, async (page) => {
  await page.evaluate(async () => (await import("any2any/state")).set({ head: { stack: "decoder", kind: "cross", layer: 0, head: 1 } }));
  await settled(page);
  const bars = page.locator("#panel-attention .colour-bar");
  assert.ok(await bars.count() >= 2, "the grid and the large map each have a bar of colours");
  // On the stage, what is pointed at lights the others; its own number is told beside it.
  const look = await ask("look", await questionOf(page));
  const { weight: attention } = weightsOf(look, "decoder", "cross", 1);
  const [read, word] = [page.locator("#stage .chip.source").nth(2), page.locator("#stage .chip.target").nth(1)];
  const { log_probability: logarithm } = look.target.positions[1];
  await read.hover();
  await reads(page.locator(".tooltip:not([hidden])"), [`${await read.textContent()}: attention ${weightText(attention(1, 2))} from “${await word.textContent()}”`]);
  await word.hover();
  const share = await page.evaluate(async (told) => (await import("any2any/numbers")).percent(told), Math.exp(logarithm));
  await reads(page.locator(".tooltip:not([hidden])"), [`${await word.textContent()}: probability ${share}`]);
  await openPanel(page, "whatif");
  await until(page, () => document.querySelector("#panel-whatif .side-by-side .chip[data-weight]"));
  const chip = page.locator("#panel-whatif .side-by-side > figure").nth(1).locator(".chip.source").first();
  const [weight] = await dataOf(chip, "weight");
  await chip.hover();
  await reads(page.locator(".tooltip:not([hidden])"), [`${await chip.textContent()}: ${weightText(weight)}`]);
});

clicks("what speaks for the output is orange in both measures", { panel: "whatif", chosen: 2 }, async (page) => {
  const panel = page.locator("#panel-whatif");
  await panel.getByRole("button", { name: "Measure every head" }).click();
  await until(page, () => document.querySelectorAll("#panel-whatif [data-effect]").length === 12);
  const cells = await panel.locator("[data-effect]").evaluateAll((all) => all.map((cell) =>
    ({ effect: Number(cell.dataset.effect), rgb: getComputedStyle(cell).backgroundColor.match(/[\d.]+/g).map(Number) })));
  const strongest = cells.toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect))[0];
  const warm = strongest.rgb[0] > strongest.rgb[2];
  assert.equal(warm, strongest.effect < 0, "a head without which the output is less probable is orange");
  await until(page, () => !document.querySelector("#panel-whatif .waiting"));
  const chips = await panel.locator(".side-by-side > figure").nth(1).locator(".chip.source").evaluateAll((all) => all.map((chip) =>
    ({ weight: Number(chip.dataset.weight), rgb: getComputedStyle(chip).backgroundColor.match(/[\d.]+/g).map(Number) })));
  const most = chips.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight))[0];
  assert.equal(most.rgb[0] > most.rgb[2], most.weight > 0, "a position without which the word is less probable is orange");
});

clicks("a finished output opens on the word of which the model was least sure", { panel: "distribution" }, async (page) => {
  const look = await ask("look", await questionOf(page));
  const { tokens, vocabulary: { end, forbidden } } = await stateOf(page, "tokens", "vocabulary");
  const bits = (row) => softmax(logitsOf(look, row), { forbidden }).reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);
  const words = tokens.filter((token) => token !== end);
  const unsure = words.map((_, row) => bits(row));
  const row = unsure.indexOf(Math.max(...unsure));
  const shown = page.locator("#panel-distribution .bar-row.written");
  assert.equal(Number(await shown.getAttribute("data-token")), words[row]);
  near(Number(await shown.getAttribute("data-probability")), softmax(logitsOf(look, row), { forbidden })[words[row]], 1e-5, "its share");
});

clicks("all finished hypotheses are listed", { panel: "beam" }, async (page) => {
  const { nodes } = await ask("beam", { ...await sourceOf(page), size: 3, length_penalty: 1 });
  const finished = nodes.filter(({ fate }) => fate === "finished").length;
  assert.ok(finished > 1);
  await until(page, (many) => document.querySelectorAll("#panel-beam .ranking li").length === many, finished);
});

test("the keyboard reaches the figures, and a phone shows the open tab", async () => {
  const phone = await contextOf(browser, { viewport: { width: 390, height: 844 } });
  await visit(phone, `${url}/${link({ panel: "training" })}`, async (page) => {
    await opened(page);
    const tab = await page.locator("#tab-training").boundingBox();
    assert.ok(tab.x >= 0 && tab.x + tab.width <= 390, "the open tab is on the screen");
    const [stage, arcs] = await page.evaluate(() => ["#stage", "#stage .stage-arcs"].map((each) => document.querySelector(each).getBoundingClientRect().toJSON()));
    assert.deepEqual([arcs.x, arcs.y], [stage.x, stage.y], "arcs begin where the translation does");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "panels");
    assert.ok(!page.url().includes("#panels"), "the address stays that of the page's state");
    assert.deepEqual(await stateOf(page, "panel"), { panel: "training" });
  });
  await phone.close();
});

clicks("the figure of the paper is whole on one screen, at a click", { panel: "machine" }, async (page) => {
  for (const [width, height] of [[1920, 1080], [1440, 900], [1280, 720]]) {
    await page.setViewportSize({ width, height });
    await page.getByRole("group", { name: "Size" }).getByText("whole").click();
    await until(page, () => {
      const figure = document.querySelector("#panel-machine .machine-svg").getBoundingClientRect();
      const stage = document.getElementById("stage").getBoundingClientRect();
      return figure.height > 200 && figure.top >= stage.bottom - 1 && figure.bottom <= innerHeight + 1;
    });
    await page.getByRole("group", { name: "Size" }).getByText("readable").click();
  }
});

const EARLIER = { panel: "memory", second: { run: TEXT, checkpoint: "step-50", input: null } };
clicks("Memory offers no checkpoint that is the page's own by another name", EARLIER, async (page) => {
  const { checkpoints } = (await ask("runs"))[TEXT].model;
  const own = checkpoints.find(({ best }) => best).name;
  const last = checkpoints.find((each) => each.last).name;
  const others = [...(last === own ? [] : ["last"]), ...checkpoints.map(({ name }) => name).filter((name) => name !== own)];
  const offered = await page.locator("#panel-memory select").nth(1).locator("option").evaluateAll((all) => all.map((each) => each.value));
  assert.deepEqual(offered, others);
});
