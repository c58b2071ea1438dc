// Speech: a recording that is read in windows, of a model that reads thirty seconds at once, and each written word over the
// spectrogram.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cells, explorer, floats, inWorkshop, link, near, openPanel, pixelsOf, reads, settled, stateOf, until, visit,
  weightsOf,
} from "./support.mjs";

/** Whisper tiny.en and a recording of it, where models lie outside of the repository: see tests/explorer.rs. */
const { SPOKEN } = process.env;

const runs = SPOKEN ? ["hears", "whisper"] : ["hears"];
const { url, context, ask } = await explorer({ runs, asking: ["--max-source", "16384"] });

/** Opens the page and gives it a recording. */
const hears = (name, run, recording, work) => test(name, () =>
  visit(context, `${url}/${link({ run, panel: "source" })}`, async (page) => {
    await page.locator("#panel-source input[type=file]").waitFor({ state: "attached" });
    await page.locator("#panel-source input[type=file]").setInputFiles(recording);
    await written(page);
    await work(page);
  }));

/** Waits until something is written, and the model has looked at all of it. */
async function written(page) {
  await until(page, async () => {
    const { state } = await import("any2any/state");
    return state.tokens.length > 0 && state.look?.target.positions.length === state.tokens.length && !state.busy;
  });
  await settled(page);
}

/** The question about a window of the recording. */
async function questionOf(page) {
  const { run, checkpoint, task, input, window, tokens } = await stateOf(page, "run", "checkpoint", "task", "input", "window", "tokens");
  return { run, checkpoint, task, source: input, window, tokens };
}

hears("a long recording is shown window by window", 0, inWorkshop("long.wav"), async (page) => {
  const place = page.locator("#panel-source .windows .note");
  for (const number of [0, 1]) {
    const question = await questionOf(page);
    assert.equal(question.window, number);
    const { source } = await ask("look", question);
    assert.deepEqual([source.window.number, source.window.count], [number, 3]);
    await reads(place, [`window ${number + 1} of 3, from ${source.window.start.toFixed(1)} to ${source.window.end.toFixed(1)} s`]);
    const { tokens, ...whole } = question;
    const answer = await ask("translate", { ...whole, decoding: { greedy: {}, guidance: 1 } });
    assert.deepEqual(tokens, answer.outputs[0][0].tokens, "what is written of this window alone");
    if (number === 0) {
      await page.getByRole("button", { name: "The window after" }).click();
      await until(page, () => import("any2any/state").then(({ state }) => state.window === 1));
      await written(page);
    }
  }
  // The address leads back to the same window.
  await until(page, () => location.hash.includes("window=1"));
});

if (SPOKEN) {
  hears("each written word lies over the spectrogram", 1, SPOKEN, async (page) => {
    const chips = page.locator("#stage .lane.target .chip:not(.ghost)");
    const words = ["·Ever", "·tried", ",", "·ever", "·failed", ".", "·No", "·matter", ",", "·try", "·again", ".", "·Fail", "·again", ".", "·Fail", "·better", "."];
    await reads(chips, ["<|notimestamps|>", ...words]);
    const look = await ask("look", await questionOf(page));
    const heard = look.source.positions.filter(({ region }) => region.span);
    assert.ok(heard.length < look.source.positions.length / 2, "ten seconds of thirty");
    const { signal } = look.source.view;
    const seconds = signal.samples.shape[1] / signal.rate;

    // The picture is the sound alone: its frames, and no silence behind them.
    const steps = await openPanel(page, "steps");
    const { shape: [count, bands], values } = floats(look.source.frames);
    const frames = Math.round(count * heard.length / look.source.positions.length);
    const canvas = steps.locator(".picture-area canvas").first();
    const drawn = (await pixelsOf(canvas, cells(bands, frames))).map(([red]) => red);
    const loud = Array.from(drawn, (_, i) => values[(i % frames) * bands + (bands - 1 - Math.floor(i / frames))]);
    const darkest = loud.indexOf(Math.max(...loud));
    assert.equal(drawn[darkest], Math.min(...drawn), "the loudest is the darkest");

    const { weight } = weightsOf(look, "decoder", "cross", "mean", 3);
    const peaks = [];
    for (const [i, word] of words.entries()) {
      const position = i + 1;
      await chips.nth(position).hover();
      await until(page, (at) => import("any2any/state").then(({ state }) => state.hover?.position === at), position);
      const weights = heard.map((_, key) => weight(position, key));
      const strongest = weights.indexOf(Math.max(...weights));
      const { span } = heard[strongest].region;
      const lights = await pixelsOf(steps.locator(".veil").first(), Array.from({ length: 1600 }, (_, x) => [(x + 0.5) / 1600, 0.5]));
      const lit = lights.reduce((best, [, , , alpha], x) => (alpha > lights[best][3] ? x : best), 0);
      near((lit + 0.5) / 1600 * seconds, (span.start + span.end) / 2, 0.06, `the light of “${word}” in seconds`);
      if (word.startsWith("·")) peaks.push((span.start + span.end) / 2);
    }
    assert.deepEqual(peaks, [...peaks].sort((a, b) => a - b), "words are heard one after the other");
    assert.match(await steps.locator(".badge").first().textContent(), /% of it on the silence behind/);
    await page.locator("#stage .lane.target .chip").nth(2).hover();
  });
}
