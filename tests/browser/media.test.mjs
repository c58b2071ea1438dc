// Every medium: what is given and what comes out as pictures, sounds and recordings, with attention over them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  MEDIA, allNear, cells, dataOf, explorer, floats, inWorkshop, near, openPanel, pixelsOf, questionOf, settled,
  sourceOf, stateOf, until, weightsOf,
} from "./support.mjs";

const { ask, clicks } = await explorer();
const tasks = (await ask("runs"))[MEDIA].model.tasks;
const taskOf = (name) => tasks.find((task) => task.name === name).number;
const at = (name, state = {}) => ({ run: MEDIA, task: taskOf(name), ...state });

/** Where a region lies on its in shares. */
function boxOf(region, view) {
  const { rectangle, span, window } = region;
  if (rectangle) return [rectangle.left / view.image.width, rectangle.top / view.image.height, rectangle.width / view.image.width, rectangle.height / view.image.height];
  const { rate, channels, samples: { shape: [, length] } } = view.signal;
  if (span) return [span.start * rate / length, 0, (span.end - span.start) * rate / length, 1];
  if (window) return [window.start * rate / length, window.channels.start / channels.length, (window.end - window.start) * rate / length, (window.channels.end - window.channels.start) / channels.length];
  return null;
}

/** A place of a box that no other covers. */
function placeAlone([left, top, width, height], boxes) {
  const inside = ([x, y], box) => box && x > box[0] - 0.01 && x < box[0] + box[2] + 0.01 && y > box[1] - 0.01 && y < box[1] + box[3] + 0.01;
  const places = [0.5, 0.25, 0.75].map((share) => [left + share * width, top + height / 2]);
  return places.find((place) => boxes.filter((box) => inside(place, box)).length === 1) ?? null;
}

const greys = (image) => [...Buffer.from(image.pixels, "base64")].filter((_, i) => i % image.channels === 0);

const DRAWN = {
  /** The picture itself, pixel by pixel. */
  async image(page, canvas, { view: { image } }) {
    const drawn = (await pixelsOf(canvas, cells(image.height, image.width))).map(([red]) => red);
    allNear(drawn, greys(image), 0, "grey of a pixel");
  },
  /** The mel frames that the model is fed: the loudest is the darkest. */
  async sound(page, canvas, { frames }) {
    const { shape: [count, bands], values } = floats(frames);
    const drawn = (await pixelsOf(canvas, cells(bands, count))).map(([red]) => red);
    const loud = Array.from(drawn, (_, i) => values[(i % count) * bands + (bands - 1 - Math.floor(i / count))]);
    const order = loud.map((value, i) => [value, drawn[i]]).sort((a, b) => a[0] - b[0]);
    order.slice(1).forEach(([, ink], i) => assert.ok(ink <= order[i][1] + 3, "the louder, the darker"));
    assert.ok(order[0][1] - order.at(-1)[1] > 150, "from paper to ink");
  },
  /** A line for each channel, high where the recording is. */
  async traces(page, canvas, { view: { signal } }) {
    const { shape: [channels, length], values } = floats(signal.samples);
    assert.deepEqual(await page.locator("#panel-source .channel-names span").allTextContents(), signal.channels);
    for (let channel = 0; channel < channels; channel += 1) {
      const samples = values.subarray(channel * length, (channel + 1) * length);
      const peak = samples.indexOf(Math.max(...samples));
      const column = Array.from({ length: 100 }, (_, i) => [(peak + 0.5) / length, (channel + (i + 0.5) / 100) / channels]);
      const inked = (await pixelsOf(canvas, column)).findIndex(([, , , alpha]) => alpha > 60);
      assert.ok(inked >= 0 && inked < 45, `the trace of ${signal.channels[channel]} is above its middle at its peak`);
    }
  },
};

const SOURCES = [["see", "image"], ["hear", "sound"], ["feel", "traces"]];
for (const [name, kind] of SOURCES) {
  clicks(`${name}: the ${kind} is shown as it is, and attention over it`, at(name, { panel: "source" }), async (page) => {
    const question = await questionOf(page);
    const look = await ask("look", question);
    const panel = page.locator("#panel-source");
    await DRAWN[kind](page, panel.locator(".picture-area canvas").first(), look.source);

    // What the word that is explained looked at lies over it: the strongest weight shines most, in proportion.
    await openPanel(page, "steps");
    const { weight } = weightsOf(look, "decoder", "cross");
    const position = question.tokens.length - 1;
    const weights = look.source.positions.map((_, key) => weight(position, key));
    const boxes = look.source.positions.map(({ region }) => boxOf(region, look.source.view));
    // Windows overlap, and so do their lights: each is measured where it lies alone.
    const alone = boxes.map((box) => box && placeAlone(box, boxes));
    const shown = [...alone.keys()].filter((i) => alone[i]);
    const veil = await pixelsOf(page.locator("#panel-steps .veil").first(), shown.map((i) => alone[i]));
    const high = Math.max(...weights);
    shown.forEach((i, n) => near(veil[n][3] / 255, 0.75 * weights[i] / high, 0.02, `light on position ${i}`));
    assert.ok(shown.length > 0);

    // A part is hidden at a click, and the numbers move.
    const whatif = await openPanel(page, "whatif");
    const area = whatif.locator(".question .picture-area").first();
    const { width, height } = await area.boundingBox();
    const strongest = shown.reduce((best, i) => (weights[i] > weights[best] ? i : best), shown[0]);
    await area.click({ position: { x: alone[strongest][0] * width, y: alone[strongest][1] * height } });
    await until(page, () => document.querySelectorAll("#panel-whatif .outputs dt").length === 2);
    await settled(page);
    const { masked } = await stateOf(page, "masked");
    assert.ok(masked.includes(strongest));
    const hidden = await ask("look", { ...question, masked });
    const change = (i) => hidden.target.positions[i].log_probability - look.target.positions[i].log_probability;
    allNear((await dataOf(whatif.locator(".token-rows tbody tr"), "change")).slice(0, question.tokens.length), question.tokens.map((_, i) => change(i)), 2e-3, "change");
  });
}

const TARGETS = [
  ["draw", "image", "a word becomes a picture"],
  ["clean", "image", "a picture becomes a clean one"],
  ["sing", "sound", "a word becomes a sound"],
];
for (const [name, kind, title] of TARGETS) {
  clicks(`${name}: ${title}`, at(name, { panel: "steps" }), async (page) => {
    const question = await questionOf(page);
    const task = tasks[taskOf(name)];
    const { target } = await ask("look", task.target.tokens ? question : await sourceOf(page));
    const figure = page.locator("#panel-steps section.card", { has: page.locator("h3", { hasText: "What it wrote" }) });
    const canvas = figure.locator(".picture-area canvas").first();
    if (kind === "image") await DRAWN.image(page, canvas, target);
    else {
      const drawn = await pixelsOf(canvas, cells(20, 20));
      assert.ok(new Set(drawn.map(String)).size > 5, "a spectrogram is drawn");
      await figure.getByRole("button", { name: "Play this sound" }).click();
      await page.locator(".needle").first().waitFor();
    }
    if (!task.target.tokens) {
      await openPanel(page, "distribution");
      assert.match(await page.locator("#panel-distribution").textContent(), /writes frames/);
      await openPanel(page, "steps");
    }
  });
}

clicks("a digit is drawn with the mouse, and read", at("see", { panel: "source" }), async (page) => {
  const sketch = page.locator("#panel-source canvas.sketch");
  await sketch.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await sketch.boundingBox();
  await page.mouse.move(x + width / 2, y + 0.15 * height);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + 0.5 * height, { steps: 4 });
  await until(page, () => import("any2any/state").then(({ state }) => state.input.file && state.tokens.length > 0));
  const half = (await stateOf(page, "input")).input.file.content;
  assert.equal(await sketch.boundingBox().then((box) => box.y), y, "nothing moves below the hand");
  await page.mouse.move(x + width / 2, y + 0.85 * height, { steps: 4 });
  await until(page, (before) => import("any2any/state").then(({ state }) => state.input.file.content !== before), half);
  await page.mouse.up();
  await until(page, () => import("any2any/state").then(({ state }) => state.input.file && state.tokens.length > 0));
  await settled(page);
  const { source, tokens } = await questionOf(page);
  assert.equal(source.file.name, "drawing.png");
  const { outputs: [[answer]] } = await ask("translate", { ...await sourceOf(page), decoding: { greedy: {} } });
  assert.deepEqual(tokens, answer.tokens);
  const { source: { view: { image } } } = await ask("look", await questionOf(page));
  const pixels = greys(image);
  const ink = (column) => Array.from({ length: image.height }, (_, row) => pixels[row * image.width + column]).reduce((sum, each) => sum + each, 0);
  assert.ok(ink(image.width / 2) + ink(image.width / 2 - 1) > 4 * (ink(1) + ink(image.width - 2)), "a bar stands in the middle");
});

clicks("the microphone is recorded, and heard", at("hear", { panel: "source" }), async (page) => {
  const panel = page.locator("#panel-source");
  await panel.getByRole("button", { name: "Record from the microphone" }).click();
  await panel.getByText("■ Stop").waitFor();
  // Words are there while one speaks.
  await until(page, () => import("any2any/state").then(({ state }) => state.input.file?.name === "recording.wav" && state.tokens.length > 0));
  assert.equal(await panel.getByText("■ Stop").count(), 1, "it goes on");
  await page.waitForTimeout(700);
  await panel.getByText("■ Stop").click();
  await panel.getByText("● Record").waitFor();
  // The whole is taken last, when what was heard before has been answered.
  const heard = async () => (await stateOf(page, "input")).input.file.content;
  let before = "";
  for (let now = await heard(); now !== before; now = await heard()) {
    before = now;
    await page.waitForTimeout(500);
  }
  await settled(page);
  const { source } = await ask("look", await questionOf(page));
  const { rate, samples } = source.view.signal;
  assert.ok(samples.shape[1] / rate > 0.3, "more than a moment was recorded");
  await DRAWN.sound(page, panel.locator(".picture-area canvas").first(), source);
});

clicks("a file is dropped on the page", at("see", { panel: "source" }), async (page) => {
  const name = "anna_ring_3.png";
  const content = readFileSync(inWorkshop(`pictures/${name}`)).toString("base64");
  const zone = page.locator("#panel-source .drop-zone");
  const transfer = await page.evaluateHandle(([called, bytes]) => {
    const given = new DataTransfer();
    given.items.add(new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], called, { type: "image/png" }));
    return given;
  }, [name, content]);
  await zone.dispatchEvent("dragover", { dataTransfer: transfer });
  assert.match(await zone.getAttribute("class"), /\bover\b/, "the place to drop it is lit");
  await zone.dispatchEvent("drop", { dataTransfer: transfer });
  await until(page, (file) => import("any2any/state").then(({ state }) => state.input.file?.name === file && state.tokens.length > 0), name);
  await settled(page);
  const question = await questionOf(page);
  assert.equal(question.source.file.content, content);
  assert.deepEqual(question.tokens, (await ask("translate", { ...await sourceOf(page), decoding: { greedy: {} } })).outputs[0][0].tokens);
  assert.doesNotMatch(await zone.getAttribute("class"), /\bover\b/);
});

clicks("a recording that was cut out around an event is timed by it", at("feel", { panel: "source" }), async (page) => {
  const whole = await page.locator("#panel-source .axis span").first().evaluate((tick) => [tick.textContent, tick.style.left]);
  assert.deepEqual(whole, ["0 s", "0%"]);
  const ticks = await page.evaluate(async () => {
    const [{ tracesPicture }, { base64 }] = await Promise.all([import("any2any/media/traces"), import("any2any/base64")]);
    const data = base64(new Uint8Array(4 * 160));
    const { axis } = tracesPicture({ rate: 80, channels: ["Oz"], samples: { shape: [1, 160], data }, start: -0.7 }, "large");
    return [...axis.children].map((tick) => [tick.textContent, Math.round(10 * parseFloat(tick.style.left)) / 10]);
  });
  assert.deepEqual(ticks, [["-0.5 s", 10], ["0", 35], ["0.5", 60], ["1", 85]]);
});

clicks("files are taken from the disk", at("feel", { panel: "source" }), async (page) => {
  const name = "anna_ring_3.csv";
  await page.locator("#panel-source input[type=file]").setInputFiles(inWorkshop(`recordings/${name}`));
  await until(page, (file) => import("any2any/state").then(({ state }) => state.input.file?.name === file && state.tokens.length > 0), name);
  await settled(page);
  const { source } = await questionOf(page);
  assert.equal(Buffer.from(source.file.content, "base64").toString(), readFileSync(inWorkshop(`recordings/${name}`), "utf8"));
});
