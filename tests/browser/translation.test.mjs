// The translation that is always in view, what it is given, and how it is written step by step.

import assert from "node:assert/strict";
import {
  explorer, weightsOf, TEXT, WRITE, allNear, near, dataOf, openPanel, questionOf, settled, sourceOf, stateOf, until,
} from "./support.mjs";

const { ask, clicks } = await explorer();
const SAMPLE = { sample: { split: "test", number: 0 } };

const chips = (page, side) => page.locator(`#stage .chip.${side}:not(.ghost)`);
const arcs = (page) => page.locator("#stage .arc");

/** Text as people read it: the mark of a word's beginning is drawn as a dot. */
const read = (label) => label.replaceAll("▁", "·").replaceAll(" ", "␣");

clicks("the first sample is there, translated, when the page opens", { run: TEXT }, async (page) => {
  const question = await questionOf(page);
  assert.deepEqual(question.source, SAMPLE);
  const look = await ask("look", question);
  const { outputs: [[{ tokens, view }]] } = await ask("translate", { ...await sourceOf(page), decoding: { greedy: {} } });
  assert.deepEqual(question.tokens, tokens);
  assert.deepEqual(await chips(page, "target").allTextContents(), look.target.positions.map(({ label }) => read(label)));
  const [sample] = (await ask("samples?run=0&task=0&split=test&from=0&count=1")).samples;
  assert.equal((await chips(page, "source").allTextContents()).join("").replaceAll(/[·∎]|<.*?>/g, " ").trim().replaceAll(/ +/g, " "), sample.source.text);
  assert.ok(view.text.length > 0);
  await page.mouse.move(600, 890);
});

clicks("a sample is taken at a click, and a text as it is typed", { panel: "source" }, async (page) => {
  const panel = page.locator("#panel-source");
  const list = await ask("samples?run=0&task=0&split=test&from=0&count=12");
  assert.equal(await panel.locator(".sample").count(), 12);
  assert.deepEqual(await panel.locator(".sample .sample-target").allTextContents(), list.samples.map(({ target }) => target.text));
  await panel.locator(".sample").nth(5).click();
  await settled(page);
  assert.deepEqual((await stateOf(page, "input")).input, { sample: { split: "test", number: 5 } });

  // Each letter is followed, and nothing flickers: the output before stays until the next is there.
  await page.evaluate(async () => {
    const { state, on } = await import("any2any/state");
    const noted = Object.assign(window, { seen: new Set(), emptied: 0, ahead: 0 });
    on("change", (keys) => {
      if (keys.has("newest")) noted.ahead += Number(!keys.has("look") && document.querySelector("#panel-source .newest").textContent === state.newest.view.text);
      if (!keys.has("look")) return;
      if (state.look) noted.seen.add(state.input.text);
      else noted.emptied += 1;
    });
  });
  const sentence = "a man hears the sea now .";
  await panel.getByRole("textbox").fill("");
  await panel.getByRole("textbox").pressSequentially(sentence, { delay: 30 });
  await until(page, (whole) => import("any2any/state").then(({ state }) => state.input.text === whole), sentence);
  await settled(page);
  const { seen, emptied, ahead } = await page.evaluate(() => {
    const { seen, emptied, ahead } = /** @type {any} */ (window);
    return { seen: [...seen], emptied, ahead };
  });
  assert.ok(ahead > 2, `the output is there before the look at it: ${ahead} times`);
  assert.equal(emptied, 0, "no figure is empty meanwhile");
  assert.ok(seen.length > 2 && seen.every((text) => sentence.startsWith(text)), `${seen}`);
  const question = await questionOf(page);
  const { outputs: [[{ tokens, view }]] } = await ask("translate", { run: TEXT, task: 0, source: { text: sentence }, decoding: { greedy: {} } });
  assert.deepEqual(question.tokens, tokens);
  assert.equal(await panel.getByRole("status", { name: "Output so far" }).textContent(), view.text);
  assert.match(await panel.locator("h3").first().textContent(), new RegExp(`^${(await ask("look", question)).source.positions.length} tokens`));
});

clicks("a language model goes on from what is typed", { run: WRITE, panel: "source" }, async (page) => {
  const panel = page.locator("#panel-source");
  for (const beginning of ["der Hund", "die"]) {
    await panel.getByRole("textbox").fill(beginning);
    const { outputs: [[{ tokens, view }]] } = await ask("translate", { run: WRITE, prefix: beginning, decoding: { greedy: {} } });
    assert.ok(view.text.startsWith(beginning), view.text);
    await until(page, (wanted) => import("any2any/state").then(({ state }) => String(state.tokens) === wanted), String(tokens));
    await settled(page);
    assert.equal(await chips(page, "target").count(), (await ask("look", await questionOf(page))).target.positions.length);
  }
});

clicks("pointing at a word lights what it looked at, with arcs as thick as the weights", { panel: "steps" }, async (page) => {
  const look = await ask("look", await questionOf(page));
  const { weight, columns } = weightsOf(look, "decoder", "cross");
  for (const position of [0, 3]) {
    await chips(page, "target").nth(position).hover();
    const row = Array.from({ length: columns }, (_, key) => weight(position, key));
    allNear(await dataOf(chips(page, "source"), "weight"), row, 1e-6, "light on the source");
    // The strongest are drawn, the strongest last.
    const top = Math.max(...row);
    const expected = row.filter((each) => each >= 0.08 * top).sort((a, b) => a - b);
    allNear(await dataOf(arcs(page), "weight"), expected, 1e-6, "arc");
    const widths = await arcs(page).evaluateAll((all) => all.map((arc) => Number(arc.getAttribute("stroke-width"))));
    allNear(widths, expected.map((each) => 0.75 + 9 * each), 0.01, "thickness");
    // The last arc is the strongest, and must end in the middle of the chip that it belongs to.
    const end = await arcs(page).last().evaluate((arc) => { const { x, y } = arc.getPointAtLength(arc.getTotalLength()); const at = arc.ownerSVGElement.getBoundingClientRect(); return x + at.left; });
    const chip = await chips(page, "source").nth(row.indexOf(top)).boundingBox();
    near(end, chip.x + chip.width / 2, 1.5, "end of the arc");
  }
  // The other way: which outputs used a part of the source.
  await chips(page, "source").nth(1).hover();
  const column = look.target.positions.map((_, query) => weight(query, 1));
  allNear(await dataOf(chips(page, "target"), "weight"), column, 1e-6, "light on the output");
});

clicks("it is stepped through, and plays by itself", { panel: "steps" }, async (page) => {
  const whole = (await questionOf(page)).tokens;
  const look = await ask("look", await questionOf(page));
  const control = (name) => page.locator("#stage").getByRole("button", { name });
  await control("Back to the beginning").click();
  await settled(page);
  assert.equal(await chips(page, "target").count(), 0);
  for (const count of [1, 2, 3]) {
    await control("One step on").click();
    await settled(page);
    assert.deepEqual((await stateOf(page, "tokens")).tokens, whole.slice(0, count));
  }
  const bars = page.locator("#panel-steps .step-bar span");
  allNear(await dataOf(bars, "probability"), look.target.positions.slice(0, 3).map(({ log_probability }) => Math.exp(log_probability)), 1e-4, "bar");
  const widths = await bars.evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width / bar.parentElement.clientWidth));
  allNear(widths, await dataOf(bars, "probability"), 0.05, "width of a bar");
  await control("One step back").click();
  await settled(page);
  assert.equal(await chips(page, "target").count(), 2);
  await page.locator("#stage").getByRole("button", { name: "Play (space)" }).click();
  await until(page, (end) => import("any2any/state").then(({ state }) => !state.playing && state.tokens.length >= end), whole.length);
  await settled(page);
  assert.deepEqual((await stateOf(page, "tokens")).tokens.slice(0, whole.length), whole);
});
