// Several runs: side by side, through their checkpoints, while they train, and as the map of a sweep.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { test } from "node:test";
import {
  ANY2ANY, LSTM, MAP, MEDIA, TEXT, WORKSHOP, allNear, cells, dataOf, explorer, inWorkshop, link, logitsOf, near,
  pixelsOf, questionOf, savedNumbers, serve, settled, softmax, until, visit,
} from "./support.mjs";

const { ask, clicks, url, context } = await explorer();
const { end } = await ask("vocabulary?run=0&task=0");

const logProbabilities = (look, tokens) => tokens.map((token, row) => Math.log(softmax(logitsOf(look, row))[token]));

// ---- side by side ----

const INPUT = { text: "the cat finds bread ." };
for (const what of ["another checkpoint", "another run"]) {
  clicks(`${what} is set beside this one, with every difference`, { panel: "compare" }, async (page) => {
    const panel = page.locator("#panel-compare");
    const question = await questionOf(page);
    const [first] = (await ask("runs"))[TEXT].model.checkpoints.map(({ step, name }) => ({ step, name })).sort((a, b) => a.step - b.step);
    const second = what === "another run" ? { run: LSTM, checkpoint: "best" } : { run: TEXT, checkpoint: first.name };
    const pick = (label, value) => panel.locator(".side").last().locator("label", { hasText: label }).locator("select").selectOption(value);
    await pick("Run", String(second.run));
    await pick("Checkpoint", second.checkpoint);
    await until(page, ([run, checkpoint]) => import("any2any/state").then(({ state }) => state.second?.run === run && state.second?.checkpoint === checkpoint), [second.run, second.checkpoint]);
    await settled(page);
    const tokens = question.tokens.at(-1) === end ? question.tokens : [...question.tokens, end];
    const [a, b] = (await Promise.all([ask("look", question), ask("look", { ...question, ...second })])).map((look) => logProbabilities(look, tokens));
    const drawn = await dataOf(panel.locator(".token-rows tbody tr"), "change");
    allNear(drawn, b.map((each, i) => each - a[i]).slice(0, drawn.length), 1e-3, "B − A");
    const { outputs: [[own]] } = await ask("translate", { ...question, tokens: undefined, ...second, decoding: { greedy: {} } });
    assert.equal(await panel.locator(".outputs dd .value-text").nth(1).textContent(), own.view.text.trim().replaceAll(/\s+/g, " "));
  });
}

clicks("another input is set beside this one", { panel: "compare", second: { run: TEXT, checkpoint: "best", input: INPUT } }, async (page) => {
  const panel = page.locator("#panel-compare");
  const { outputs: [[own]] } = await ask("translate", { run: TEXT, task: 0, source: INPUT, decoding: { greedy: {} } });
  await until(page, (text) => document.querySelectorAll("#panel-compare .outputs dd .value-text")[1]?.textContent === text, own.view.text.trim().replaceAll(/\s+/g, " "));
  assert.match(await panel.locator(".side").last().textContent(), /the cat finds bread/);
});

clicks("a slider leads through the checkpoints of a run", { panel: "compare" }, async (page) => {
  const panel = page.locator("#panel-compare");
  const question = await questionOf(page);
  const checkpoints = (await ask("runs"))[TEXT].model.checkpoints.sort((a, b) => a.step - b.step);
  await until(page, () => document.querySelector("#panel-compare .course rect[data-probability]") && !document.querySelector("#panel-compare .course .unknown"));
  const columns = panel.locator(".course .checkpoint");
  assert.equal(await columns.count(), checkpoints.length);
  for (const [i, { name, step }] of checkpoints.entries()) {
    const look = await ask("look", { ...question, checkpoint: name });
    const shares = await dataOf(columns.nth(i).locator("rect"), "probability");
    const tokens = [...question.tokens, end].slice(0, shares.length);
    allNear(shares, logProbabilities(look, tokens).map(Math.exp), 1e-4, `probability at step ${step}`);
    await panel.locator(".replay input[type=range]").fill(String(i));
    const { outputs: [[own]] } = await ask("translate", { ...question, tokens: undefined, checkpoint: name, decoding: { greedy: {} } });
    assert.equal(await panel.locator(".replay .said .value-text").textContent(), own.view.text || "nothing");
  }
});

// ---- training ----

const linesOf = (run, kind) => readFileSync(inWorkshop(`${run}/metrics.jsonl`), "utf8").trim().split("\n").map((line) => JSON.parse(line)).filter((line) => line.kind === kind);

clicks("curves are those of the runs' logs", { panel: "training" }, async (page) => {
  const panel = page.locator("#panel-training");
  await panel.getByText("lstm", { exact: true }).click();
  await until(page, () => document.querySelectorAll("#panel-training .chart-figure:first-child .curve").length === 2);
  const figures = await savedNumbers(page, panel);
  for (const [i, run] of ["text", "lstm"].entries()) {
    const train = linesOf(run, "train");
    const loss = figures.find(({ id }) => id === "loss").curves[i];
    allNear(loss.points.flat(), train.flatMap(({ step, loss: each }) => [step, each]), 1e-9, "loss");
    const bleu = figures.find(({ id }) => id === "decoded bleu").curves[i];
    allNear(bleu.points.flat(), linesOf(run, "validation").flatMap(({ step, decoded }) => [step, decoded.bleu]), 1e-9, "BLEU");
  }
  // The drawn path goes through the numbers: its ordinate is a straight function of the loss.
  const drawn = await panel.locator(".chart-figure").first().locator(".curve path").first().getAttribute("d");
  const heights = drawn.split(/[ML]/).slice(1).map((place) => Number(place.split(" ")[1]));
  const losses = linesOf("text", "train").map(({ loss }) => loss);
  const [high, low] = [losses.indexOf(Math.max(...losses)), losses.indexOf(Math.min(...losses))];
  const scale = (heights[low] - heights[high]) / (losses[low] - losses[high]);
  losses.forEach((loss, i) => near(heights[i], heights[high] + scale * (loss - losses[high]), 0.2, "height of the curve"));
  const samples = linesOf("text", "samples").at(-1).samples;
  assert.equal(await panel.locator(".improving").count(), samples.length);
  assert.deepEqual(await panel.locator(".improving .reference").allTextContents(), samples.map(({ reference }) => reference));
});

clicks("pictures, sounds and recordings are drawn as the training wrote them", { run: MEDIA, panel: "training" }, async (page) => {
  const panel = page.locator("#panel-training");
  const tasks = (await ask("runs"))[MEDIA].model.tasks;
  await panel.locator(".improving canvas").first().waitFor();
  await settled(page);
  for (const { number: task, name, source, target } of tasks) {
    const lines = linesOf("media", "samples").filter((line) => line.task === name);
    assert.ok(lines.length > 1, `${name} is shown after each evaluation`);
    const [{ number }] = lines.at(-1).samples;
    const block = panel.locator(".stack", { has: page.locator("h4", { hasText: name }) }).last();
    const places = { source: block.locator(".source-text"), reference: block.locator(".reference") };
    for (const [i, { step, samples: [{ file, output }] }] of lines.entries()) {
      const written = await ask(`written?run=${MEDIA}&task=${task}&step=${step}&number=${number}`);
      assert.equal(written.output === null, target.kind === "text");
      if (target.kind === "text") continue;
      assert.ok(readFileSync(inWorkshop(`media/${file}`)).length > 0);
      const sides = { ...places, output: block.locator(".output").nth(i) };
      for (const [side, place] of Object.entries(sides)) {
        const view = written[side];
        if (view.text !== undefined) {
          assert.match(await place.textContent(), new RegExp(view.text));
        } else if (view.image) {
          const { width, height } = view.image;
          const drawn = (await pixelsOf(place.locator("canvas"), cells(height, width))).map(([red]) => red);
          allNear(drawn, [...Buffer.from(view.image.pixels, "base64")], 0, `${name}: grey of a pixel of the ${side}`);
        } else {
          assert.equal(await place.locator("canvas.sound, canvas.traces").count(), 1, `${name}: ${side} ${output}`);
        }
      }
    }
    if (source.kind !== "text") assert.equal(await places.source.locator("canvas").count(), 1, `${name} has a picture of its source`);
  }
});

test("a training is watched while it goes on", async (t) => {
  const training = spawn(ANY2ANY, ["train", "experiment.yaml", "--run", "watched", "--set", "training.steps=100000"], { cwd: WORKSHOP, stdio: "ignore" });
  t.after(async () => {
    training.kill("SIGKILL");
    await once(training, "exit");
    rmSync(inWorkshop("watched"), { recursive: true });
  });
  for (let lines = 0; lines < 1;) {
    assert.equal(training.exitCode, null, "the training goes on");
    await new Promise((resolve) => setTimeout(resolve, 200));
    try { lines = linesOf("watched", "train").length; } catch { /* it has not begun to write */ }
  }
  const watching = await serve(["watched"], (stop) => t.after(stop));
  await visit(context, `${watching}/${link({ panel: "training" })}`, async (page) => {
    const points = () => page.evaluate(() => document.querySelector("#panel-training .curve path")?.getAttribute("d").split("L").length ?? 0);
    await until(page, () => document.querySelector("#panel-training .curve path"));
    const before = await points();
    assert.match(await page.locator("#panel-training .run-chip").textContent(), /training/);
    await until(page, (many) => document.querySelector("#panel-training .curve path").getAttribute("d").split("L").length > many, before);
  });
});

// ---- sweep ----

clicks("the map of a sweep is blue where training converges, orange where it does not", { panel: "sweep", run: MAP }, async (page) => {
  const panel = page.locator("#panel-sweep");
  await panel.locator(".sweep-area").waitFor();
  const sweep = await ask(`sweep?run=${MAP}`);
  const [columns, rows] = sweep.axes.map(({ values }) => values.length);
  const colours = await pixelsOf(panel.locator(".sweep-area canvas"), cells(rows, columns));
  const area = panel.locator(".sweep-area");
  const { width, height } = await area.boundingBox();
  for (const { at: [column, row], converged, loss } of sweep.cells) {
    const [red, , blue] = colours[(rows - 1 - row) * columns + column];
    assert.equal(blue > red, converged, `colour of cell ${column}, ${row}`);
    await area.hover({ position: { x: (column + 0.5) * width / columns, y: (rows - row - 0.5) * height / rows } });
    const said = await panel.locator(".sweep-side").textContent();
    assert.match(said, converged ? /converges: loss/ : /does not converge|diverged/);
    if (converged) assert.ok(said.includes(String(Number(loss.toPrecision(4)))), `${said} names ${loss}`);
  }
  await area.hover({ position: { x: 0.2 * width, y: 0.7 * height } });
  await page.mouse.down();
  await area.hover({ position: { x: 0.5 * width, y: 0.4 * height } });
  await page.mouse.up();
  const [command] = await panel.locator(".command code").allTextContents();
  assert.match(command, /^any2any sweep .*--over training\.schedule\.constant\.peak=.*--over training\.batch\.tokens=/);
});
