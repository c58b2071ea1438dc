// The inside of a model: every head, the machine with its numbers, and what is remembered.

import assert from "node:assert/strict";
import {
  explorer, FAR, LSTM, allNear, cells, coloursOf, dataOf, distancesOf, floats, logitsOf, near, pixelsOf, questionOf,
  sameColours, savedNumbers, settled, softmax, until, weightsOf,
} from "./support.mjs";

const { ask, clicks } = await explorer();

const KINDS = [["encoder", "self", "Encoder"], ["decoder", "self", "Decoder (causal)"], ["decoder", "cross", "Cross"]];

const rowsOf = ({ rows, columns, weight }) =>
  Array.from({ length: rows }, (_, query) => Array.from({ length: columns }, (_, key) => weight(query, key)));

const entropy = (row) => -row.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0);

// ---- attention ----

clicks("every head of every kind is drawn in the colours of its weights", { panel: "attention" }, async (page) => {
  const panel = page.locator("#panel-attention");
  const look = await ask("look", await questionOf(page));
  for (const [stack, kind, label] of KINDS) {
    await panel.getByRole("group", { name: "Kind of attention" }).getByText(label, { exact: true }).click();
    await until(page, ([s, k]) => document.querySelector("#panel-attention .head-cell").dataset.head.includes(`"stack":"${s}","kind":"${k}"`), [stack, kind]);
    const { heads } = weightsOf(look, stack, kind);
    assert.equal(await panel.locator(".head-cell").count(), heads + 2, "the heads, their mean and the rollout");
    const all = Array.from({ length: heads }, (_, head) => rowsOf(weightsOf(look, stack, kind, head)));
    const high = Math.max(...all.flat(2));
    for (const [head, rows] of all.entries()) {
      const cell = panel.locator(`.head-cell[data-head*='"head":${head}']`);
      near((await dataOf(cell, "entropy"))[0], rows.map(entropy).reduce((sum, each) => sum + each, 0) / rows.length, 1e-3, "entropy");
      const drawn = await pixelsOf(cell.locator("canvas"), cells(rows.length, rows[0].length));
      sameColours(drawn, await coloursOf(page, "weightRgb", rows.flat().map((weight) => weight / high)), `${label} ${head}`);
    }
    if (label.includes("causal")) assert.ok(all.flat().every((row, i) => row.slice(i % row.length + 1).every((weight) => weight === 0)), "nobody looks ahead");
  }
});

clicks("a head opens to its numbers, and a row of it to query · key, mask and softmax", { panel: "attention", head: { stack: "decoder", kind: "self", layer: 0, head: 1 } }, async (page) => {
  const panel = page.locator("#panel-attention");
  const look = await ask("look", await questionOf(page));
  const head = weightsOf(look, "decoder", "self", 1);
  // A readout under the pointer.
  const area = panel.locator(".matrix-area");
  await area.scrollIntoViewIfNeeded();
  const { width, height } = await area.boundingBox();
  const [query, key] = [4, 2];
  await area.hover({ position: { x: (key + 0.5) * width / head.columns, y: (query + 0.5) * height / head.rows } });
  assert.match(await page.locator(".tooltip").textContent(), new RegExp(`: ${head.weight(query, key).toPrecision(3)}$`));
  await area.click({ position: { x: (key + 0.5) * width / head.columns, y: (query + 0.5) * height / head.rows } });
  await until(page, () => document.querySelector("#panel-attention .score tr[data-key]") && document.querySelector("#panel-attention select[aria-label=Query]").value === "4");
  const rows = panel.locator(".score tr[data-key]");
  const keys = await dataOf(rows, "key");
  allNear(await dataOf(rows, "computed"), keys.map((each) => head.weight(query, each)), 1e-4, "weight by the formula");
  const hidden = panel.locator(".score tr.hidden-key");
  assert.ok((await dataOf(hidden, "key")).every((each) => each > query), "the mask hides what comes later");
  assert.match(await panel.locator(".note[data-error]").textContent(), /are the same/);
  // The scores are those of the machine's own queries and keys.
  const { parts } = await ask("machine", await questionOf(page));
  const part = parts.find((each) => each.kind === "attention" && each.stack === "decoder" && !/cross/.test(each.id));
  const [q, k] = ["query", "key"].map((name) => floats(part.values.find((each) => each.name === name).data));
  const wide = q.shape[2];
  const score = (at) => Array.from({ length: wide }, (_, i) => q.at(1, query, i) * k.at(1, at, i)).reduce((sum, each) => sum + each, 0) / Math.sqrt(wide);
  allNear((await rows.locator("td:nth-child(4)").allTextContents()).map((text) => Number(text.replace("−", "-"))), keys.map(score), 6e-4, "score");
});

clicks("heads are pinned and compared, averaged and rolled out", { panel: "attention", head: { stack: "encoder", kind: "self", layer: 0, head: 0 } }, async (page) => {
  const panel = page.locator("#panel-attention");
  const look = await ask("look", await questionOf(page));
  for (const head of [0, 1]) await panel.locator(".head-box", { has: page.locator(`[data-head*='"head":${head}']`) }).getByRole("button", { name: "Pin this head" }).click();
  assert.equal(await panel.locator(".pinned canvas").count(), 3);
  const [one, other] = [0, 1].map((head) => rowsOf(weightsOf(look, "encoder", "self", head)));
  const difference = one.flatMap((row, i) => row.map((weight, j) => weight - other[i][j]));
  sameColours(await pixelsOf(panel.locator(".pinned canvas").last(), cells(one.length, one.length)), await coloursOf(page, "divergingRgb", difference), "difference");
  const mean = rowsOf(weightsOf(look, "encoder", "self"));
  for (const [name, right] of [["mean", mean], ["rollout", mean.map((row, i) => row.map((weight, j) => weight / 2 + (i === j ? 0.5 : 0)))]]) {
    await panel.locator(`.head-cell[data-head*='"${name}"']`).click();
    await settled(page);
    const saved = await savedNumbers(page, panel.locator("section.card").nth(1));
    allNear(saved.weights.flatMap((row) => Object.values(row)), right.flat(), 1e-5, name);
  }
});

// ---- the machine ----

clicks("the machine works an attention out, and agrees with the model", { panel: "machine", chosen: 2 }, async (page) => {
  const panel = page.locator("#panel-machine");
  const { parts } = await ask("machine", await questionOf(page));
  const boxes = await dataOf(panel.locator(".openable"), "key", String);
  const kinds = new Set(parts.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), ["add_norm", "attention", "embedding", "feed_forward", "linear", "positions", "softmax"]);
  for (const { id } of parts) assert.ok(boxes.some((key) => key.startsWith(id)), `${id} has its box`);

  for (const part of parts.filter(({ kind }) => kind === "attention")) {
    await panel.locator(`.openable[data-key="${part.id}"]`).click();
    const numbers = Object.fromEntries(part.values.map(({ name, data }) => [name, floats(data)]));
    const [, , wide] = numbers.query.shape;
    const [, , count] = numbers.weights.shape;
    const menu = panel.locator(".query-choice select");
    const at = Number(await menu.inputValue());
    const dots = Array.from({ length: count }, (_, j) => Array.from({ length: wide }, (_, i) => numbers.query.at(0, at, i) * numbers.key.at(0, j, i)).reduce((sum, each) => sum + each, 0));
    const rows = panel.locator(".worked table.scores tbody tr:not(.hidden-key)");
    const texts = await rows.locator("td:nth-child(3)").allTextContents();
    assert.ok(texts.length > 0 && texts.every((text) => dots.some((dot) => dot.toFixed(2).replace("-", "−") === text)), `${part.id}: q · k`);
    const weights = (await rows.locator("td.bar-cell").allTextContents()).map((text) => (text.startsWith("<") ? 0 : parseFloat(text)));
    const right = Array.from({ length: count }, (_, j) => numbers.weights.at(0, at, j));
    assert.ok(weights.every((weight) => right.some((each) => Math.abs(100 * each - weight) < 0.6)), `${part.id}: weights`);
    const away = await dataOf(panel.locator("[data-away]"), "away");
    assert.ok(away.every((each) => each < 1e-4), `${part.id}: the formula gives the model's own numbers, but for ${away}`);
  }

  await panel.locator('.openable[data-key="softmax"]').click();
  const look = await ask("look", await questionOf(page));
  const shares = softmax(logitsOf(look, 2)).sort((a, b) => b - a);
  const drawn = (await panel.locator(".worked tbody td.bar-cell").allTextContents()).map((text) => (text.startsWith("<") ? 0 : parseFloat(text)));
  drawn.forEach((percent, i) => near(percent, 100 * shares[i], 0.6, "probability"));
  await panel.locator('.openable[data-key="embedding"], .openable[data-key$="embedding"]').first().click();
  await panel.locator("details.learned summary").click();
  await panel.locator("details.learned canvas").first().waitFor();
});

clicks("a tour of the machine explains encoder, head, decoder and shifted output", { panel: "machine" }, async (page) => {
  const panel = page.locator("#panel-machine");
  await panel.locator(".tour-button").click();
  const [, many] = /^1 of (\d+)$/.exec(await panel.locator(".stop-count").textContent());
  let text = "";
  for (let stop = 1; stop <= many; stop += 1) {
    assert.equal(await panel.locator(".stop-count").textContent(), `${stop} of ${many}`);
    const said = await panel.locator(".machine-pane").innerText();
    assert.doesNotMatch(said, /undefined|NaN|\bnull\b/);
    text += said;
    await page.keyboard.press("ArrowRight");
  }
  for (const word of [/encoder/i, /\bheads?\b/, /decoder/i, /shifted output/i]) assert.match(text, word);
  await page.keyboard.press("Escape");
  await panel.locator(".stop-count").waitFor({ state: "detached" });
});

clicks("an LSTM has its own figure", { panel: "machine", run: LSTM }, async (page) => {
  const panel = page.locator("#panel-machine");
  assert.ok(await panel.locator(".box.kind-cells").count() >= 2);
  await panel.locator(".openable", { has: page.locator(".box.kind-cells") }).first().click();
  assert.match(await panel.locator(".machine-pane").innerText(), /forget/i);
});

// ---- memory ----

clicks("what still matters is drawn for the transformer and the LSTM", { panel: "memory", chosen: 2 }, async (page) => {
  const panel = page.locator("#panel-memory");
  await until(page, () => document.querySelectorAll("#panel-memory .reach g[aria-label]").length === 2);
  const question = await questionOf(page);
  const { source: { view: { text } } } = await ask("look", question);
  for (const [series, body] of [question, { ...question, run: LSTM, source: { text } }].entries()) {
    const { source } = await ask("attribution", { ...body, position: 2, method: "gradient_norm" });
    const bars = panel.locator(`.reach [data-series="${series}"]`);
    const drawn = await dataOf(bars, "value");
    allNear(drawn, source, 1e-4 * Math.max(...source), "gradient norm");
    // The scale is logarithmic: every decade is equally high.
    const tops = await bars.evaluateAll((all) => all.map((bar) => Number(bar.getAttribute("y"))));
    const strengths = source.map((value) => Math.log10(value / Math.max(...source)));
    const slope = (tops[strengths.indexOf(Math.min(...strengths))] - Math.min(...tops)) / Math.min(...strengths);
    tops.forEach((top, i) => near(top, Math.min(...tops) + slope * strengths[i], 0.5, "height of a bar"));
  }
});

clicks("accuracy by distance counts what is right", { panel: "memory", run: FAR }, async (page) => {
  await until(page, () => document.querySelector("#panel-memory .accuracy circle") && !/so far/.test(document.querySelector("#panel-memory").textContent));
  const circles = page.locator('#panel-memory .accuracy circle[data-series="0"]');
  const groups = await distancesOf(ask, FAR);
  for (const circle of await circles.evaluateAll((all) => all.map((each) => ({ ...each.dataset, y: Number(each.getAttribute("cy")) })))) {
    const inside = groups.filter(({ distance }) => distance >= Number(circle.from) && distance <= Number(circle.to));
    assert.equal(Number(circle.samples), inside.reduce((sum, each) => sum + each.samples, 0));
    assert.equal(Number(circle.right), inside.reduce((sum, each) => sum + each.first_right, 0));
    near(circle.y, 12 + (1 - circle.right / circle.samples) * 228, 0.5, "height of a point");
  }
});
