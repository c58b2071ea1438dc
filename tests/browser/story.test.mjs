// The story: ten chapters by keyboard alone, without scrolling, whose numbers are those of the JSON interface; as a file, on
// a disk and offline; and the door of a newcomer.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import {
  ANY2ANY, BARE, FAR, LSTM, MAP, MEDIA, TEXT, WORKSHOP, WRITE, allNear, contextOf, explorer, floats, link, logitsOf, near, settled,
  softmax, stateOf, until, visit,
} from "./support.mjs";

const { ask, browser, clicks, url } = await explorer();
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CHAPTERS = ["recurrent", "memory", "bottleneck", "attention", "heads", "transformer", "parallel", "autocomplete", "media", "trainability"];
const at = (chapter, step = 0) => ({ run: TEXT, panel: "story", story: { chapter, step } });

/** Waits until a chapter's figure is there, in a step. */
const shows = (page, chapter, step = 0) => until(page, ([id, number]) => {
  const body = document.querySelector("#panel-story .panel-body");
  return body?.dataset.chapter === id && body.dataset.step === String(number) && !body.querySelector(".waiting")
    && body.querySelector(".story-figure").children.length > 0;
}, [CHAPTERS[chapter], step]);

const whereOf = async (page) => (await stateOf(page, "story")).story;
const figure = (page) => page.locator("#panel-story .story-figure");

/** The likeliest output of a run for a source, with its look: as the story asks. */
async function passage(run, source, task = 0) {
  const about = { run, task, checkpoint: "best", source, window: 0 };
  const { outputs: [[best]] } = await ask("translate", { ...about, decoding: { greedy: {}, guidance: 1 } });
  const { end } = await ask(`vocabulary?run=${run}&task=${task}`);
  return { about: { ...about, tokens: [...best.tokens, end] }, tokens: best.tokens, end };
}

/** The input of a sample by its text. */
async function sampleOf(run, wanted) {
  const { samples } = await ask(`samples?run=${run}&task=0&split=test&from=0&count=24`);
  return samples.find(wanted);
}

for (const [width, height] of [[1920, 1080], [1440, 900]]) {
  test(`ten chapters by keyboard alone, without scrolling, at ${width} × ${height}`, async () => {
    const context = await contextOf(browser, { viewport: { width, height }, reducedMotion: "reduce" });
    await visit(context, `${url}/${link({ run: TEXT })}`, async (page) => {
      await settled(page);
      await page.keyboard.press("s");
      const seen = new Set();
      let before = "";
      for (let press = 0; press < 60; press += 1) {
        const { chapter, step } = await whereOf(page);
        await shows(page, chapter, step);
        assert.equal(await figure(page).locator(".story-missing").count(), 0, `chapter ${chapter + 1} is filled: ${await figure(page).innerText()}`);
        seen.add(CHAPTERS[chapter]);
        const room = await page.evaluate(() => {
          const { scrollHeight, clientHeight, scrollWidth, clientWidth } = document.documentElement;
          const inside = [...document.querySelectorAll("#panel-story .story-text, #panel-story .story-figure, #panel-story .story-bar, #panel-story .panel-body")];
          const text = document.querySelector("#panel-story .story-text p:last-child");
          return {
            page: [scrollHeight <= clientHeight, scrollWidth <= clientWidth],
            parts: inside.every((each) => each.scrollHeight <= each.clientHeight + 1 && each.getBoundingClientRect().bottom <= innerHeight + 1),
            letters: parseFloat(getComputedStyle(text).fontSize), sentences: text.textContent.match(/[.?](\s|$)/g).length,
          };
        });
        assert.deepEqual(room.page, [true, true], `chapter ${chapter + 1}, step ${step}: the page does not scroll`);
        assert.ok(room.parts, `chapter ${chapter + 1}, step ${step}: no part of it is cut off`);
        assert.ok(room.letters >= (width === 1920 ? 28 : 21), `${room.letters} pixels`);
        assert.ok(room.sentences <= 4, `chapter ${chapter + 1}: ${room.sentences} sentences`);
        await page.keyboard.press(press % 2 ? "ArrowRight" : "PageDown");
        const now = JSON.stringify(await whereOf(page));
        if (now === before) break;
        before = now;
      }
      assert.deepEqual([...seen], CHAPTERS);
      await page.keyboard.press("PageUp");
      await page.keyboard.press("Home");
      await shows(page, 0);
      await page.keyboard.press("ArrowLeft");
      assert.deepEqual(await whereOf(page), { chapter: 0, step: 0 }, "before the first step there is none");
    });
    await context.close();
  });
}

test("keys go full screen and pause; the tabs are reached as everywhere", async () => {
  const context = await contextOf(browser);
  await visit(context, `${url}/${link(at(0))}`, async (page) => {
    await shows(page, 0);
    const dimmed = () => figure(page).locator(".story-step.story-dim").count();
    await page.keyboard.press(" ");
    const paused = await dimmed();
    await new Promise((resolve) => setTimeout(resolve, 1700));
    assert.equal(await dimmed(), paused, "nothing moves");
    await page.keyboard.press(" ");
    await until(page, (many) => document.querySelectorAll(".story-step.story-dim").length < many, paused);
    await page.keyboard.press("f");
    await until(page, () => document.fullscreenElement?.id === "panel-story");
    await page.keyboard.press("f");
    await until(page, () => document.fullscreenElement === null);
    await page.focus("#tab-story");
    await page.keyboard.press("ArrowDown");
    assert.equal((await stateOf(page, "panel")).panel, "source");
  });
  await context.close();
});

clicks("links of the text set the figure's state, and the address keeps it", at(7), async (page) => {
  await shows(page, 7);
  for (const [words, step, temperature] of [["low temperature", 1, "0.3"], ["high one", 2, "2"], ["every token a probability", 0, "1"]]) {
    await page.locator("#panel-story .story-link", { hasText: words }).click();
    await shows(page, 7, step);
    assert.match(await figure(page).textContent(), new RegExp(`temperature ${temperature} `));
    await until(page, (number) => decodeURIComponent(location.hash).includes(`"step":${number}`) || number === 0, step);
    assert.equal(await page.locator("#panel-story .story-link[aria-current=step]").textContent(), words);
  }
});

// ---- the numbers are the model's ----

clicks("chapter 1 draws the states of the encoder's cells", at(0, 2), async (page) => {
  await shows(page, 0, 2);
  const words = await figure(page).locator(".story-word text").allTextContents();
  const shown = (await figure(page).locator(".strong").textContent()).match(/[−\d.]+(?=,)/g).map((each) => Number(each.replace("−", "-")));
  const { samples } = await ask(`samples?run=${LSTM}&task=0&split=test&from=0&count=24`);
  let found = false;
  for (const { number } of samples) {
    const { about } = await passage(LSTM, { sample: { split: "test", number } });
    const look = await ask("look", about);
    if (look.source.positions.length !== words.length) continue;
    const { parts } = await ask("machine", about);
    const { shape: [positions], at: value } = floats(parts.find(({ id }) => id === "encoder.0.cells").values.find(({ name }) => name === "hidden").data);
    const last = [0, 1, 2].map((i) => value(positions - 1, i));
    found ||= last.every((each, i) => Math.abs(each - shown[i]) <= 0.0051);
  }
  assert.ok(found, `the last state is that of a sample: ${shown}`);
});

clicks("chapter 2 draws the lengths of the gradients", at(1, 1), async (page) => {
  await shows(page, 1, 1);
  const series = async (i) => figure(page).locator(`rect[data-series="${i}"]`).evaluateAll((all) => all.map((each) => Number(each.dataset.value)));
  const drawn = [await series(0), await series(1)];
  assert.ok(drawn.every((values) => values.length > 5));
  const words = await figure(page).locator(".reach .word").allTextContents();
  const { samples } = await ask(`samples?run=${FAR}&task=0&split=test&from=0&count=24`);
  let found = false;
  for (const { number, source } of samples) {
    if (source.text.split(" ").length + 2 < drawn[1].length) continue;
    const { about } = await passage(FAR, { sample: { split: "test", number } });
    const { source: values } = await ask("attribution", { ...about, position: 0, method: "gradient_norm" });
    if (values.length !== drawn[1].length || Math.abs(values[0] - drawn[1][0]) > 1e-6) continue;
    allNear(drawn[1], values, 1e-5, "gradients");
    found = true;
  }
  assert.ok(found, `${words}: a sample has these gradients`);
});

test("chapter 2 waits for each model's count before it misses distances", async () => {
  const context = await contextOf(browser);
  let release = () => {};
  const counting = new Promise((resolve) => { release = () => resolve(null); });
  const asked = new Set();
  await context.route("**/api/distance*", async (route) => {
    const run = Number(new URL(route.request().url()).searchParams.get("run"));
    asked.add(run);
    if (run === FAR) await counting;
    await route.continue();
  });
  await visit(context, `${url}/${link(at(1, 2))}`, async (page) => {
    const answered = page.waitForResponse((response) => response.url().includes(`/api/distance?run=${LSTM}&`));
    await shows(page, 1, 2);
    await answered;
    // Away and back: two counts of one model are under way.
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowRight");
    await shows(page, 1, 2);
    assert.equal(await figure(page).locator(".story-missing").count(), 0, "one model is still being counted");
    release();
    await figure(page).locator(".story-missing, circle").first().waitFor();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(await figure(page).locator(".story-missing").count(), 0, "it has been counted");
    assert.deepEqual([...asked].sort(), [FAR, LSTM].sort());
  });
  await context.close();
});

clicks("chapter 4 works attention out, and comes to the model's own weights", at(3, 3), async (page) => {
  await shows(page, 3, 3);
  const weights = await figure(page).locator("[data-weight]").evaluateAll((all) => all.map((each) => Number(each.dataset.weight)));
  near(weights.reduce((sum, each) => sum + each, 0), 1, 1e-4, "the weights' sum");
  assert.ok(Number(await figure(page).locator(".story-drawing").getAttribute("data-away")) < 1e-4, "the model's own weights are the same");
  const [layer, head] = (await page.locator(".story-credit").textContent()).match(/layer (\d+), head (\d+)/).slice(1).map((each) => each - 1);
  const { samples } = await ask(`samples?run=${TEXT}&task=0&split=test&from=0&count=24`);
  let found = false;
  for (const { number } of samples) {
    const { about } = await passage(TEXT, { sample: { split: "test", number } });
    const { shape, at: value } = floats((await ask("look", about)).attention.find((each) => each.stack === "encoder" && each.layer === layer).weights);
    if (shape[2] !== weights.length) continue;
    for (let row = 0; row < shape[1]; row += 1) found ||= weights.every((each, j) => Math.abs(each - value(head, row, j)) < 1e-4);
  }
  assert.ok(found, "a row of that head has these weights");
});

clicks("chapter 8 draws the distribution of the next token", at(7, 2), async (page) => {
  await shows(page, 7, 2);
  const bars = await figure(page).locator("[data-token]").evaluateAll((all) => all.map(({ dataset }) => [Number(dataset.token), Number(dataset.share)]));
  assert.equal(bars.length, 8);
  const { outputs: [[{ tokens }]] } = await ask("translate", { run: WRITE, task: 0, checkpoint: "best", decoding: { greedy: {}, guidance: 1 } });
  const { end, forbidden } = await ask(`vocabulary?run=${WRITE}&task=0`);
  const look = await ask("look", { run: WRITE, task: 0, checkpoint: "best", tokens: [...tokens, end] });
  const rows = Array.from({ length: tokens.length }, (_, row) => softmax(logitsOf(look, row), { temperature: 2, forbidden }));
  assert.ok(rows.some((shares) => bars.every(([token, share]) => Math.abs(shares[token] - share) < 1e-5)), "one place of the text has this distribution");
});

clicks("chapters 3, 7, 9 and 10 show what was decoded, timed and trained", at(2, 3), async (page) => {
  await shows(page, 2, 3);
  await until(page, () => document.querySelectorAll(".story-point[data-series='1']").length > 20);
  const points = await figure(page).locator(".story-point[data-series='0']").evaluateAll((all) => all.map(({ dataset }) => [Number(dataset.words), Number(dataset.share)]));
  const { samples: [first] } = await ask(`samples?run=${BARE}&task=0&split=test&from=0&count=1`);
  const { outputs: [[{ view }]] } = await ask("translate", { run: BARE, task: 0, checkpoint: "best", source: { sample: { split: "test", number: 0 } }, decoding: { greedy: {}, guidance: 1 } });
  const left = view.text.split(/\s+/);
  const wanted = first.target.text.split(/\s+/);
  const right = wanted.filter((word) => left.includes(word) && left.splice(left.indexOf(word), 1)).length;
  assert.equal(points[0][0], first.source.text.split(/\s+/).length);
  near(points[0][1], right / wanted.length, 1e-6, "the share of right words");

  for (let chapter = 3; chapter <= 6; chapter += 1) {
    await page.locator(".story-mark").nth(chapter).click();
    await shows(page, chapter);
  }
  await page.locator(".story-link", { hasText: "this machine, timed" }).click();
  await until(page, () => document.querySelectorAll("circle[data-milliseconds]").length === 10);
  const times = await figure(page).locator("circle[data-milliseconds]").evaluateAll((all) => all.map(({ dataset }) => Number(dataset.milliseconds)));
  assert.ok(times.every((each) => each > 0 && each < 60_000) && new Set(times).size > 5, `measured: ${times}`);

  await page.locator(".story-mark").nth(8).click();
  await shows(page, 8);
  await until(page, () => [...document.querySelectorAll(".story-cellbox")].every((cell) => cell.textContent !== ""));
  const filled = await figure(page).locator(".story-cellbox").evaluateAll((all) => all.filter(({ textContent }) => textContent.length > 1).map(({ dataset }) => `${dataset.source} ${dataset.target}`));
  assert.deepEqual(filled.sort(), ["audio text", "eeg text", "image image", "image text", "text audio", "text image", "text text"]);
  const see = (await ask("runs"))[MEDIA].model.tasks.find(({ name }) => name === "see").number;
  const read = (await ask("translate", { run: MEDIA, task: see, checkpoint: "best", source: { sample: { split: "test", number: 0 } }, window: 0, decoding: { greedy: {}, guidance: 1 } })).outputs[0][0].view.text;
  assert.equal(await figure(page).locator("[data-source=image][data-target=text] .story-to + .story-sample").textContent(), read);

  await page.locator(".story-mark").nth(9).click();
  await shows(page, 9);
  const { cells } = await ask(`sweep?run=${MAP}`);
  assert.match(await figure(page).locator(".story-caption").textContent(), new RegExp(`^${cells.length} trainings .*: ${cells.filter(({ converged }) => converged).length} converge`));
});

test("a chapter that the runs cannot fill says so, with the command that makes such a run", async () => {
  const alone = await explorer({ runs: ["write"] });
  await visit(alone.context, `${alone.url}/${link({ panel: "story", story: { chapter: 0, step: 0 } })}`, async (page) => {
    const filled = [];
    for (const [chapter, id] of CHAPTERS.entries()) {
      await page.locator(".story-mark").nth(chapter).click();
      await shows(page, chapter);
      if (await figure(page).locator(".story-missing").count() === 0) filled.push(id);
      else assert.match(await figure(page).locator("code").textContent(), /^any2any (train|explore|sweep) /, id);
    }
    assert.deepEqual(filled, ["autocomplete", "media"]);
  });
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`every chapter is accessible, ${scheme}`, async () => {
    const context = await contextOf(browser, { viewport: { width: 1440, height: 900 }, colorScheme: scheme, bypassCSP: true, reducedMotion: "reduce" });
    await visit(context, `${url}/${link(at(0))}`, async (page) => {
      await page.addScriptTag({ content: axe });
      for (const chapter of CHAPTERS.keys()) {
        await page.locator(".story-mark").nth(chapter).click();
        await shows(page, chapter);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        const grave = violations.filter(({ impact }) => ["critical", "serious"].includes(impact));
        assert.deepEqual(grave.map(({ id, nodes }) => `${CHAPTERS[chapter]}: ${id} ${nodes[0].target} ${nodes[0].failureSummary}`), []);
      }
    });
    await context.close();
  });
}

// ---- as a file ----

test("the story of the runs that ship is one file below 8 MB, and opens from a disk, offline", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "story-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "story.html");
  execFileSync(ANY2ANY, ["lecture", "--export", file], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const { size } = statSync(file);
  assert.ok(size < 8_000_000, `${size} bytes`);
  const context = await contextOf(browser, { viewport: { width: 1440, height: 900 } });
  await context.setOffline(true);
  await visit(context, `file://${file}`, async (page) => {
    await shows(page, 0);
    for (const chapter of CHAPTERS.keys()) {
      if (chapter > 0) await page.locator(".story-mark").nth(chapter).click();
      await shows(page, chapter);
      assert.equal(await figure(page).locator(".story-missing").count(), 0, `${CHAPTERS[chapter]}: ${await figure(page).innerText()}`);
    }
    await page.keyboard.press("Home");
    await shows(page, 0);
  });
  await context.close();
});

test("a lecture needs no run: every chapter is filled by those that ship, soon after the command", async () => {
  const began = Date.now();
  const lecture = await explorer({ runs: [], command: ["lecture"], viewport: { width: 1440, height: 900 } });
  await visit(lecture.context, `${lecture.url}/${link({ panel: "story" })}`, async (page) => {
    await shows(page, 0);
    const seconds = (Date.now() - began) / 1000;
    assert.ok(seconds < 20, `${seconds} seconds: a busy machine takes longer than the three of an idle one, but not so much`);
    const last = { memory: 1, bottleneck: 2, attention: 3, media: 0, trainability: 0 };
    for (const [chapter, id] of CHAPTERS.entries()) {
      await page.locator(".story-mark").nth(chapter).click();
      await shows(page, chapter);
      assert.equal(await figure(page).locator(".story-missing").count(), 0, `${id}: ${await figure(page).innerText()}`);
      if (last[id] === undefined) continue;
      for (let step = 0; step < last[id]; step += 1) await page.keyboard.press("ArrowRight");
      await shows(page, chapter, last[id]);
    }
  });
});

// ---- the door ----

test("a page without a link opens on the word that the model was least sure of, and says what can be clicked", async () => {
  const context = await contextOf(browser);
  await visit(context, `${url}/`, async (page) => {
    await until(page, () => import("any2any/state").then(({ state }) => state.chosen !== null && typeof state.head?.head === "number"));
    const { input, chosen, tokens, head } = await stateOf(page, "input", "chosen", "tokens", "head");
    const { samples } = await ask(`samples?run=${TEXT}&task=0&split=test&from=0&count=12`);
    const length = ({ source }) => source.text.split(/\s+/).length;
    const sample = samples.find(({ number }) => number === input.sample.number);
    assert.equal(length(sample), Math.max(...samples.map(length)), "a long sentence");
    const look = await ask("look", { run: TEXT, task: 0, source: input, tokens });
    const { forbidden } = await ask(`vocabulary?run=${TEXT}&task=0`);
    const bits = (row) => softmax(logitsOf(look, row), { forbidden }).reduce((sum, share) => (share > 0 ? sum - share * Math.log2(share) : sum), 0);
    const begins = look.target.positions.map(({ label }, i) => (label.startsWith("▁") ? i : -1)).filter((i) => i >= 0);
    const wordAt = (i) => look.target.positions.slice(i, begins[begins.indexOf(i) + 1] ?? undefined).map(({ label }) => label).join("");
    const content = begins.filter((i) => (wordAt(i).match(/\p{L}/gu) ?? []).length > 3);
    assert.equal(chosen, content.sort((a, b) => bits(b) - bits(a))[0], "the most uncertain content word");
    assert.equal(head.kind, "cross");
    const door = page.locator(".door");
    assert.equal(await door.locator("li button").count(), 3);
    await door.getByRole("button", { name: "See what it hesitated between" }).click();
    assert.equal((await stateOf(page, "panel")).panel, "distribution");
    await door.getByRole("button", { name: "Close this introduction" }).click();
    assert.equal(await door.count(), 0);
  });
  await visit(context, `${url}/${link({ run: TEXT })}`, async (page) => {
    await settled(page);
    assert.equal(await page.locator(".door").count(), 0, "who follows a link is no newcomer");
  });
  await context.close();
});

clicks("words are explained where they stand", { run: TEXT, panel: "attention" }, async (page) => {
  const term = page.locator("#panel-attention .note .term", { hasText: "entropy" }).first();
  await term.hover();
  assert.match(await page.locator(".tooltip").textContent(), /bits/);
  await page.mouse.move(0, 0);
  await page.locator("#panel-attention .note .term", { hasText: "rollout" }).first().focus();
  assert.match(await page.locator(".tooltip").textContent(), /all layers/);
});
