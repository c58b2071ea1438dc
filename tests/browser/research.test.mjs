// For researchers: layers read one by one, states put elsewhere, attention turned by hand, words against words, and the
// samples that a model is near to or fails on. What is drawn is what the JSON interface says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  BARE, LSTM, MEDIA, TEXT, WRITE, allNear, dataOf, explorer, floats, inWorkshop, logitsOf, near, openPanel, questionOf, reads, savedNumbers, settled,
  softmax, sourceOf, stateOf, until, weightsOf,
} from "./support.mjs";

const { ask, clicks } = await explorer();
const tasks = (await ask("runs"))[MEDIA].model.tasks;
const see = tasks.find(({ name }) => name === "see").number;

const set = (page, patch) => page.evaluate(async (given) => (await import("any2any/state")).set(given), patch);

// ---- why this word, and not that one ----

clicks("integrated gradients sum to what the input changes", { panel: "whatif", chosen: 2 }, async (page) => {
  const panel = page.locator("#panel-whatif");
  await panel.getByRole("group", { name: "Method" }).getByText("Integrated gradients").click();
  const right = await ask("attribution", { ...await questionOf(page), position: 2, method: "integrated_gradients" });
  const sum = [...right.source, ...right.target].reduce((all, each) => all + each, 0);
  near(sum + right.integral.missing, right.base - right.integral.baseline, 1e-4, "completeness");
  await until(page, () => /All weights sum to/.test(document.querySelector("#panel-whatif").textContent));
  await settled(page);
  const chips = panel.locator(".side-by-side > figure").nth(1).locator(".chip.source");
  allNear(await dataOf(chips, "weight"), right.source, 1e-5, "weights");
  assert.ok((await panel.textContent()).includes(`(${right.integral.steps} points)`));
});

clicks("a word is held against another", { panel: "whatif", chosen: 1 }, async (page) => {
  const panel = page.locator("#panel-whatif");
  const question = await questionOf(page);
  const look = await ask("look", question);
  const { vocabulary: { forbidden } } = await stateOf(page, "vocabulary");
  const shares = softmax(logitsOf(look, 1), { forbidden });
  const likely = shares.map((share, token) => [share, token]).sort((a, b) => b[0] - a[0]).map(([, token]) => token);
  const other = likely.find((token) => token !== question.tokens[1]);
  const menu = panel.getByRole("combobox", { name: "and not" });
  await until(page, () => document.querySelectorAll("#panel-whatif .picker option").length > 5);
  assert.equal(await menu.locator("option").nth(1).getAttribute("value"), String(other), "the likeliest other word comes first");
  await menu.selectOption(String(other));
  await until(page, () => /Yin and Neubig/.test(document.querySelector("#panel-whatif").textContent));
  await settled(page);
  const right = await ask("attribution", { ...question, position: 1, method: "occlusion", contrast: other });
  near(right.base, Math.log(shares[question.tokens[1]] / shares[other]), 1e-3, "the difference of their log-probabilities");
  const chips = panel.locator(".side-by-side > figure").nth(1).locator(".chip.source");
  allNear(await dataOf(chips, "weight"), right.source, 1e-5, "weights");
});

// ---- attention, turned by hand ----

const CROSS = { stack: "decoder", kind: "cross", layer: 0, head: 1 };

clicks("a head is turned by hand, and every figure follows", { panel: "whatif", chosen: 1, head: CROSS }, async (page) => {
  const panel = page.locator("#panel-whatif");
  const question = await questionOf(page);
  const before = weightsOf(await ask("look", question), "decoder", "cross", 1);
  const own = Array.from({ length: before.columns }, (_, key) => before.weight(1, key));
  const sliders = panel.locator(".redirect [data-key]");
  const keys = await dataOf(sliders, "key");
  assert.equal(keys.length, Math.min(16, own.length));
  allNear(await dataOf(sliders, "weight"), keys.map((key) => own[key]), 1e-5, "the sliders stand at the weights");
  await panel.locator(".redirect [data-key='0'] input").fill("0.9");
  await until(page, () => import("any2any/state").then(({ state }) => state.edited.length === 1));
  await settled(page);
  const { edited } = await stateOf(page, "edited");
  const rest = 1 - own[0];
  allNear(edited[0].change.row.weights, own.map((weight, key) => (key === 0 ? 0.9 : (0.1 * weight) / rest)), 1e-5, "the others make room");
  const after = await ask("look", { ...question, edited });
  const turned = weightsOf(after, "decoder", "cross", 1);
  near(turned.weight(1, 0), 0.9, 1e-5, "the model looks where it is told to");
  const badge = page.locator("#stage .altered");
  assert.match(await badge.textContent(), /1 change of attention. All on this tab is of the altered model/);
  await until(page, () => document.querySelector("#panel-whatif .token-rows tbody tr")?.dataset.change);
  const changes = await dataOf(panel.locator(".token-rows tbody tr"), "change");
  const base = await ask("look", question);
  const expected = question.tokens.map((_, i) => after.target.positions[i].log_probability - base.target.positions[i].log_probability);
  allNear(changes.slice(0, expected.length), expected, 1e-3, "what becomes of each word");

  await panel.locator(".redirect [data-key='2']").getByRole("button").click();
  await until(page, () => import("any2any/state").then(({ state }) => state.edited.length === 2));
  await settled(page);
  assert.equal((await stateOf(page, "edited")).edited[1].change.silence, 2);
  const silenced = weightsOf(await ask("look", { ...question, ...await stateOf(page, "edited") }), "decoder", "cross", 1);
  for (let query = 0; query < silenced.rows; query += 1) near(silenced.weight(query, 2), 0, 1e-7, "nobody sees it");
  await openPanel(page, "beam");
  assert.match(await badge.textContent(), /This tab shows the model as it was trained/);
  await badge.getByRole("button").click();
  assert.deepEqual(await stateOf(page, "edited"), { edited: [] });
});

// ---- heads in colours, and neuron by neuron ----

clicks("heads are drawn together, each in its colour", { panel: "attention", chosen: 1, head: CROSS }, async (page) => {
  const panel = page.locator("#panel-attention");
  const look = await ask("look", await questionOf(page));
  for (const head of [0, 2]) await panel.locator(`[data-head-colour='${head}']`).click();
  assert.deepEqual(await stateOf(page, "overlay"), { overlay: [0, 2] });
  for (const head of [0, 2]) {
    const { weight, columns } = weightsOf(look, "decoder", "cross", head);
    const drawn = await dataOf(panel.locator(`.stripes td[data-head='${head}']`), "weight");
    allNear(drawn, Array.from({ length: columns }, (_, key) => weight(1, key)), 1e-5, `head ${head}`);
  }
  const lines = await page.locator("#stage .stage-arcs path").evaluateAll((all) => all.map((path) => ({ colour: path.getAttribute("stroke"), weight: Number(path.dataset.weight) })));
  const swatches = await page.evaluate(async () => { const { headColour } = await import("any2any/draw"); return [0, 2].map((head) => headColour(head, 4)); });
  assert.deepEqual([...new Set(lines.map(({ colour }) => colour))].sort(), [...swatches].sort(), "the lines of the translation have the heads' colours");
  const highest = (head) => { const { weight, columns } = weightsOf(look, "decoder", "cross", head); return Math.max(...Array.from({ length: columns }, (_, key) => weight(1, key))); };
  for (const [i, head] of [0, 2].entries()) {
    near(Math.max(...lines.filter(({ colour }) => colour === swatches[i]).map(({ weight }) => weight)), highest(head), 1e-5, "its strongest line");
  }
});

clicks("a score is the sum of what each neuron adds", { panel: "attention", chosen: 1, head: CROSS }, async (page) => {
  const panel = page.locator("#panel-attention");
  await until(page, () => document.querySelector("#panel-attention .score tbody tr[data-key]"));
  const { parts } = await ask("machine", await questionOf(page));
  const part = parts.find(({ id }) => id === "decoder.0.cross_attention");
  const array = (name) => floats(part.values.find((each) => each.name === name).data);
  const [query, key] = [array("query"), array("key")];
  const width = query.shape[2];
  const rows = await panel.locator(".score tbody tr[data-key]").evaluateAll((all) => all.map((row) =>
    ({ key: Number(row.dataset.key), products: JSON.parse(row.querySelector("[data-products]").dataset.products), score: Number(row.children[3].textContent.replace("−", "-")) })));
  assert.ok(rows.length > 3);
  for (const { key: at, products, score } of rows) {
    allNear(products, Array.from({ length: width }, (_, i) => (query.at(1, 1, i) * key.at(1, at, i)) / Math.sqrt(width)), 1e-4, `key ${at}`);
    near(products.reduce((sum, each) => sum + each, 0), score, 2e-3, "they sum to the score");
  }
});

// ---- layers ----

clicks("the logit lens shows what each layer would write", { panel: "research", chosen: 1 }, async (page) => {
  const panel = page.locator("#panel-research");
  await until(page, () => document.querySelector("#panel-research .lens td button"));
  const question = await questionOf(page);
  const right = await ask("lens", { ...question, count: 5 });
  const { shape: [depths, rows], at } = floats(right.log_probability);
  const cells = panel.locator(".lens td button");
  assert.equal(await cells.count(), depths * rows);
  const down = Array.from({ length: depths * rows }, (_, i) => [depths - 1 - Math.floor(i / rows), i % rows]);
  allNear(await dataOf(cells, "number"), down.map((place) => at(...place)), 1e-5, "log-probabilities");
  assert.deepEqual(await dataOf(cells, "token"), down.map(([depth, row]) => right.likeliest[depth][row][0].token), "the likeliest words");
  const look = await ask("look", question);
  look.target.positions.forEach(({ log_probability }, row) => near(at(depths - 1, row), log_probability, 1e-4, "the last layer is what the model says"));
  await panel.getByRole("group", { name: "Colours" }).getByText("Entropy").click();
  const entropy = floats(right.entropy);
  allNear(await dataOf(cells, "number"), down.map((place) => entropy.at(...place)), 1e-4, "entropies");
  await cells.nth(2).click();
  assert.deepEqual(await stateOf(page, "chosen"), { chosen: 2 });
  allNear(await dataOf(panel.locator(".lens-detail tbody tr"), "logProbability"), Array.from({ length: depths }, (_, i) => at(depths - 1 - i, 2)), 1e-5, "word 2, layer by layer");
  await set(page, { masked: [1] });
  await settled(page);
  const altered = floats((await ask("lens", { ...question, masked: [1] })).entropy);
  await until(page, (expected) => Math.abs(Number(document.querySelector("#panel-research .lens td button").dataset.number) - expected) < 1e-4, altered.at(depths - 1, 0));
  assert.match(await page.locator("#stage .altered").textContent(), /All on this tab is of the altered model/);
});

for (const [run, section, words] of /** @type {const} */ ([
  [LSTM, "lens", /an LSTM, whose layers do not share/], [BARE, "patching", /an LSTM, whose layers do not share/], [WRITE, "patching", /needs another source/],
  [WRITE, "samples", /no source/], [LSTM, "patching", /an LSTM, whose layers do not share/],
])) {
  clicks(`run ${run} is told why it has no ${section}`, { run, panel: "research", research: section, chosen: 0 }, async (page) => {
    const panel = page.locator("#panel-research");
    await until(page, ([source]) => new RegExp(source).test(document.querySelector("#panel-research").textContent), [words.source]);
    assert.ok(await page.locator(".problem").isHidden(), "which is no failure");
    assert.equal(await panel.locator(".matrix, .lens, .samples").count(), 0);
  });
}

clicks("the other input may be a file", { run: MEDIA, task: see, panel: "research", research: "patching", chosen: 0 }, async (page) => {
  const panel = page.locator("#panel-research");
  const content = readFileSync(inWorkshop("pictures/anna_ring_3.png"));
  await panel.getByLabel("File of the other input").setInputFiles({ name: "ring.png", mimeType: "image/png", buffer: content });
  await panel.getByText("ring.png").waitFor();
  await settled(page);
  const other = { file: { name: "ring.png", content: content.toString("base64") } };
  const right = await ask("patching", { ...await questionOf(page), position: 0, other, stack: "encoder" });
  await until(page, () => document.querySelector("#panel-research .matrix canvas") && !document.querySelector("#panel-research .waiting"));
  const saved = (await savedNumbers(page, panel)).answer;
  near(saved.other, right.other, 1e-6, "the word's log-probability for the file");
  allNear(saved.whole, right.whole, 1e-6, "all positions at once");
});

clicks("states of another input are put into this one", { panel: "research", research: "patching", chosen: 1, input: { text: "the dog sees the house ." } }, async (page) => {
  const panel = page.locator("#panel-research");
  const other = { text: "the cat sees the house ." };
  await panel.getByRole("textbox", { name: "The other text" }).fill(other.text);
  await page.keyboard.press("Enter");
  await settled(page);
  for (const [stack, label] of [["encoder", "Encoder"], ["decoder", "Decoder"]]) {
    await panel.getByRole("group", { name: "Stack" }).getByText(label).click();
    await until(page, (name) => document.querySelector(`#panel-research [data-section] .segmented [aria-pressed="true"]`).textContent === name, label);
    await settled(page);
    const right = await ask("patching", { ...await questionOf(page), position: 1, other, stack });
    const { shape: [depths, groups], values } = floats(right.effect);
    await until(page, (many) => document.querySelector("#panel-research .matrix canvas")?.getAttribute("aria-label").includes(`${many} columns`), groups + 1);
    const saved = (await savedNumbers(page, panel)).answer;
    assert.equal(saved.base, right.base);
    allNear(saved.whole, right.whole, 1e-6, "all positions at once");
    if (stack === "encoder") for (const whole of right.whole) near(whole, right.other - right.base, 1e-3, "all states of the encoder are the other input");
    if (stack === "decoder") near(values[(depths - 1) * groups + 1], right.other - right.base, 1e-3, "the last state of the decoder is the other input's word");
  }
  const of = async (input) => {
    const { target } = await ask("look", { ...await questionOf(page), source: input });
    return target.positions[1].log_probability;
  };
  const { answer } = await savedNumbers(page, panel);
  near(answer.base, await of({ text: "the dog sees the house ." }), 1e-4, "this input");
  near(answer.other, await of(other), 1e-4, "the other input");
});

// ---- samples ----

clicks("the samples of a split are sorted, filtered and opened", { panel: "research", research: "samples" }, async (page) => {
  const panel = page.locator("#panel-research");
  await until(page, () => document.querySelector("#panel-research .samples tbody tr"));
  await settled(page);
  const { samples, total, next } = await ask("assessments?run=0&task=0&split=test&from=0");
  assert.equal(next, null, "one piece has them all");
  const rows = panel.locator(".samples tbody tr");
  assert.equal(await rows.count(), Math.min(100, total));
  const ordered = (of) => [...samples].sort((a, b) => of(b) - of(a) || a.number - b.number).map(({ number }) => number);
  assert.deepEqual(await dataOf(rows, "number"), ordered(({ loss }) => loss), "the greatest loss first");
  for (const [column, of] of /** @type {const} */ ([["error", ({ error }) => error], ["entropy", ({ entropy }) => entropy], ["confusions", ({ confusions }) => confusions.length], ["positions", ({ positions }) => positions]])) {
    await panel.locator(`[data-column='${column}']`).click();
    assert.deepEqual(await dataOf(rows, "number"), ordered(of), column);
  }
  const first = samples[0];
  const scored = await ask("score", { source: { text: first.source }, target: { text: first.reference } });
  near(first.loss, -scored.log_probability / scored.tokens, 1e-4, "the loss is that of /api/score");
  const pair = panel.locator("[data-confusion]").first();
  if (await pair.count() > 0) {
    const [expected, likeliest] = JSON.parse(await pair.getAttribute("data-confusion"));
    const having = samples.filter(({ confusions }) => confusions.some((each) => each.expected === expected && each.likeliest === likeliest));
    await pair.click();
    assert.deepEqual((await dataOf(rows, "number")).sort((a, b) => a - b), having.map(({ number }) => number), "the samples with this confusion");
  }
  const [number] = await dataOf(rows.first(), "number");
  await rows.first().getByRole("button").click();
  await until(page, (wanted) => import("any2any/state").then(({ state }) => state.input?.sample?.number === wanted), number);
  await settled(page);
  assert.equal(await page.locator("#panel-research .samples tr.chosen").getAttribute("data-number"), String(number));
});

clicks("the nearest samples of a state are those of the server", { panel: "research", research: "neighbours", chosen: 1 }, async (page) => {
  const panel = page.locator("#panel-research");
  for (const [stack, label, position] of /** @type {const} */ ([["decoder", "Decoder", 1], ["encoder", "Encoder", 0]])) {
    await panel.getByRole("group", { name: "Stack" }).getByText(label).click();
    await until(page, (name) => document.querySelector(`#panel-research [data-section] .segmented [aria-pressed="true"]`).textContent === name, label);
    await settled(page);
    let near = [];
    for (let from = 0; from !== null && from < 256;) {
      const answer = await ask("neighbours", { ...await questionOf(page), stack, position, split: "train", from, count: 12 });
      near = [...near, ...answer.neighbours];
      from = answer.next;
    }
    const best = near.sort((a, b) => b.similarity - a.similarity).slice(0, 12);
    await until(page, (wanted) => Number(document.querySelector("#panel-research .near tbody tr")?.dataset.similarity) === wanted, best[0].similarity);
    await settled(page);
    const rows = panel.locator(".near tbody tr");
    allNear(await dataOf(rows, "similarity"), best.map(({ similarity }) => similarity), 1e-6, stack);
    assert.deepEqual(await dataOf(rows, "sample"), best.map(({ sample }) => sample), stack);
  }
  const row = panel.locator(".near tbody tr").first();
  const [sample] = await dataOf(row, "sample");
  await row.getByRole("button").click();
  await until(page, (wanted) => import("any2any/state").then(({ state }) => state.input?.sample?.split === "train" && state.input.sample.number === wanted), sample);
});

// ---- every medium ----

for (const { number, name, target } of tasks) {
  clicks(`${name} is read layer by layer, or told why not`, { run: MEDIA, task: number, panel: "research", chosen: 0 }, async (page) => {
    if (!target.tokens) return until(page, () => /writes frames/.test(document.querySelector("#panel-research").textContent));
    await until(page, () => document.querySelector("#panel-research .lens td button"));
    await settled(page);
    const right = await ask("lens", { ...await questionOf(page), count: 5 });
    const { shape: [depths, rows], at } = floats(right.log_probability);
    const down = Array.from({ length: depths * rows }, (_, i) => [depths - 1 - Math.floor(i / rows), i % rows]);
    allNear(await dataOf(page.locator("#panel-research .lens td button"), "number"), down.map((place) => at(...place)), 1e-5, name);
    const source = await questionOf(page);
    if (!source.source) return;
    await page.locator("#panel-research .segmented").first().getByText("Patching").click();
    await until(page, () => document.querySelector("#panel-research .matrix canvas"));
    await settled(page);
    const { answer } = await savedNumbers(page, page.locator("#panel-research"));
    const again = await ask("patching", { ...source, position: 0, stack: "encoder", other: { sample: { split: source.source.sample.split, number: 1 } }, ...(answer.group > 1 ? { groups: 16 } : {}) });
    near(answer.base, again.base, 1e-5, "this input");
    assert.equal(answer.positions, again.positions);
    allNear(answer.whole, again.whole, 1e-5, "all positions at once");
  });
}

clicks("what was looked at is in the address", { panel: "research", research: "samples", run: TEXT }, async (page) => {
  await until(page, () => document.querySelector("#panel-research .samples tbody tr"));
  assert.deepEqual(await stateOf(page, "research"), { research: "samples" });
  await page.locator("#panel-research .segmented").first().getByText("Logit lens").click();
  await until(page, () => location.hash.includes("panel=%22research%22") && !location.hash.includes("samples"));
  const source = await sourceOf(page);
  assert.equal(source.run, TEXT);
  await reads(page.locator("#panel-research h2"), ["Research"]);
});
