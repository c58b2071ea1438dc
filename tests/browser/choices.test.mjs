// Where the next word comes from: its distribution, the search among many, and what changes when something is taken away.

import assert from "node:assert/strict";
import {
  explorer, allNear, dataOf, logitsOf, near, questionOf, reads, savedNumbers, settled, slide,
  softmax, sourceOf, stateOf, until,
} from "./support.mjs";

const { ask, clicks } = await explorer();
const { forbidden, end } = await ask("vocabulary?run=0&task=0");

const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

/** Log-probability of each token of a look's output, from its logits. */
const logProbabilities = (look, tokens) => tokens.map((token, row) => Math.log(softmax(logitsOf(look, row))[token]));

// ---- the next word ----

/** What is drawn from, computed as decoding does it. */
function drawnFrom(logits, { temperature = 1, top_k = logits.length, top_p = 1 }) {
  const shares = softmax(logits, { temperature, forbidden });
  if (top_k === logits.length && top_p === 1) return shares;
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, top_k);
  const kept = [];
  const within = sum(order.map((token) => shares[token]));
  for (const token of order) if (sum(kept.map((each) => shares[each])) < top_p * within) kept.push(token);
  const rest = sum(kept.map((token) => shares[token]));
  return shares.map((share, token) => (kept.includes(token) ? share / rest : 0));
}

clicks("the bars are the model's distribution, at any temperature, top-k and top-p", { panel: "distribution" }, async (page) => {
  const panel = page.locator("#panel-distribution");
  const look = await ask("look", await questionOf(page));
  // Where the model was least sure there is most to see.
  const sure = look.target.positions.map(({ log_probability }) => log_probability);
  const row = sure.indexOf(Math.min(...sure));
  await page.locator("#stage .chip.target").nth(row).click();
  const logits = logitsOf(look, row);
  const shows = async (options, what) => {
    const rows = panel.locator(".bar-row");
    const tokens = await dataOf(rows, "token");
    const [plain, drawn] = [softmax(logits, { forbidden }), drawnFrom(logits, options)];
    allNear(await dataOf(rows, "modelProbability"), tokens.map((token) => plain[token]), 1e-5, `${what}: the model's share`);
    allNear(await dataOf(rows, "probability"), tokens.map((token) => drawn[token]), 1e-5, `${what}: share`);
    const most = Math.max(...plain, ...drawn);
    const widths = await panel.locator(".bar-after").evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width / bar.parentElement.clientWidth));
    allNear(widths, tokens.map((token) => drawn[token] / most), 0.02, `${what}: width of a bar`);
  };
  await shows({}, "as it is");
  await slide(panel, "Temperature", 1.7);
  await shows({ temperature: 1.7 }, "hot");
  await slide(panel, "Top-k", 5);
  await shows({ temperature: 1.7, top_k: 5 }, "top-k");
  await slide(panel, "Top-p", 0.6);
  await shows({ temperature: 1.7, top_k: 5, top_p: 0.6 }, "top-p");
  await panel.getByRole("button", { name: "Draw one" }).click();
  const drawn = panel.locator(".bar-mark", { hasText: "drawn" });
  assert.equal(await drawn.count(), 1);
  const first = await panel.locator(".bar-row", { has: page.locator(".bar-mark", { hasText: "drawn" }) }).getAttribute("data-token");
  await panel.getByRole("button", { name: "Draw again" }).click();
  await panel.locator("input[type=number]").fill("1");
  await panel.locator("input[type=number]").press("Enter");
  assert.equal(await panel.locator(".bar-row", { has: page.locator(".bar-mark", { hasText: "drawn" }) }).getAttribute("data-token"), first, "a seed draws the same again");
});

clicks("a bar that is clicked is written, and the model goes on from there", { panel: "distribution", chosen: 0 }, async (page) => {
  const before = await questionOf(page);
  const other = page.locator("#panel-distribution .bar-row:not(.written)").first();
  const token = Number(await other.getAttribute("data-token"));
  await other.click();
  await until(page, (first) => import("any2any/state").then(({ state }) => state.tokens[0] === first && state.tokens.length > 1), token);
  await settled(page);
  const { outputs: [[{ tokens }]] } = await ask("translate", { ...await sourceOf(page), prefix: [token], decoding: { greedy: {} } });
  const { tokens: written } = await questionOf(page);
  assert.notDeepEqual(written, before.tokens);
  assert.deepEqual(written.slice(-tokens.length), tokens);
});

// ---- the beam ----

clicks("the beam's tree shows every node, its probability, and its fate", { panel: "beam" }, async (page) => {
  const panel = page.locator("#panel-beam");
  const shows = async (options) => {
    const { nodes, best } = await ask("beam", { ...await sourceOf(page), ...options });
    // Many dropped branches are folded at first.
    const unfold = panel.getByRole("button", { name: /^Show the \d+ dropped/ });
    if (await unfold.isVisible()) await unfold.click();
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const ids = await dataOf(panel.locator(".beam .node"), "id");
    assert.deepEqual([...ids].sort((a, b) => a - b), [...byId.keys()].sort((a, b) => a - b), "every node is drawn once");
    allNear(await dataOf(panel.locator(".beam .node"), "probability"), ids.map((id) => Math.exp(byId.get(id).log_probability)), 1e-4, "probability");
    const edges = await panel.locator(".beam .edge").evaluateAll((all) => all.map((edge) => [Number(edge.dataset.id), Number(edge.getAttribute("stroke-width"))]));
    for (const [id, width] of edges) near(width, 0.8 + 4.2 * Math.exp(byId.get(id).log_probability), 0.01, "thickness of a branch");
    const dropped = await dataOf(panel.locator(".beam .node.dropped"), "id");
    assert.deepEqual(dropped.every((id) => byId.get(id).fate === "pruned"), true);
    const scores = best.map((id) => byId.get(id).score.toFixed(3).replace("-", "−"));
    assert.deepEqual(await panel.locator(".ranking li .number:not(.soft)").allTextContents(), scores);
    const sums = best.map((id) => byId.get(id).total);
    best.forEach((id, i) => near(byId.get(id).score, sums[i] / (depth(byId, id) ** options.length_penalty), 1e-3, "score"));
    return { best, byId };
  };
  await shows({ size: 3, length_penalty: 1 });
  await slide(panel, "Beam size", 2);
  await slide(panel, "Length penalty", 0);
  await until(page, () => document.querySelector("#panel-beam .note")?.textContent.startsWith("Without a length penalty"));
  await until(page, () => !document.querySelector("#panel-beam .waiting"));
  const { best, byId } = await shows({ size: 2, length_penalty: 0 });
  const last = panel.locator(".ranking li").last();
  await last.getByRole("button").click();
  await settled(page);
  assert.deepEqual((await stateOf(page, "tokens")).tokens.filter((token) => token !== end), pathTo(byId, best.at(-1)).filter((token) => token !== null && token !== end));
});

const depth = (byId, id) => pathTo(byId, id).length;

function pathTo(byId, id) {
  const node = byId.get(id);
  return node ? [...pathTo(byId, node.parent), node.token] : [];
}

// ---- what if ----

const CHANGES = [
  ["a hidden part of the source", { masked: [1] }, (panel) => panel.locator(".question .chip.source").nth(1)],
  ["a silent head", { ablated: [{ stack: "decoder", kind: "cross", layer: 0, head: 2 }] }, (panel) => panel.locator('[data-head="decoder cross 0 2"]')],
];
for (const [what, taken, place] of CHANGES) {
  clicks(`${what} changes the output as the model says`, { panel: "whatif" }, async (page) => {
    const panel = page.locator("#panel-whatif");
    const question = await questionOf(page);
    await place(panel).click();
    await until(page, () => document.querySelectorAll("#panel-whatif .outputs dt").length === 2);
    await settled(page);
    assert.deepEqual(await stateOf(page, ...Object.keys(taken)), taken);
    const before = await ask("look", question);
    const after = await ask("look", { ...question, ...taken });
    const tokens = question.tokens.at(-1) === end ? question.tokens : [...question.tokens, end];
    const [one, other] = [before, after].map((look) => logProbabilities(look, tokens));
    const drawn = await dataOf(panel.locator(".token-rows tbody tr"), "change");
    allNear(drawn, other.map((each, i) => each - one[i]).slice(0, drawn.length), 1e-3, "change of log-probability");
    assert.ok(sum(drawn.map(Math.abs)) > 0.01, "it makes a difference");
    // What would be written is what step by step gives.
    const written = [];
    for (;;) {
      const look = await ask("look", { ...question, ...taken, tokens: written });
      const shares = softmax(logitsOf(look, written.length), { forbidden });
      const next = shares.indexOf(Math.max(...shares));
      if (next === end || written.length === 40) break;
      written.push(next);
    }
    const { target } = await ask("look", { ...question, tokens: written });
    await reads(panel.locator(".outputs dd .value-text").nth(1), [target.view.text.trim().replaceAll(/\s+/g, " ")]);
  });
}

clicks("every head is measured", { panel: "whatif" }, async (page) => {
  const panel = page.locator("#panel-whatif");
  const question = await questionOf(page);
  await panel.getByRole("button", { name: "Measure every head" }).click();
  await until(page, () => document.querySelectorAll("#panel-whatif [data-effect]").length === 12);
  // The end counts too, where the model would write it next.
  const last = softmax(logitsOf(await ask("look", question), question.tokens.length), { forbidden });
  const tokens = last.indexOf(Math.max(...last)) === end ? [...question.tokens, end] : question.tokens;
  const total = async (ablated) => sum(logProbabilities(await ask("look", { ...question, ablated }), tokens));
  const base = await total([]);
  for (const [stack, kind, head] of [["encoder", "self", 1], ["decoder", "self", 0], ["decoder", "cross", 3]]) {
    const effect = await total([{ stack, kind, layer: 0, head }]) - base;
    allNear(await dataOf(panel.locator(`[data-head="${stack} ${kind} 0 ${head}"]`), "effect"), [effect], 1e-3, "effect of a silent head");
  }
});

clicks("attribution stands beside attention, and says that they differ", { panel: "whatif", chosen: 2 }, async (page) => {
  const panel = page.locator("#panel-whatif");
  const question = await questionOf(page);
  for (const [name, method] of [["Occlusion", "occlusion"], ["Gradient", "gradient"]]) {
    await panel.getByRole("group", { name: "Method" }).getByText(name, { exact: true }).click();
    await until(page, (title) => document.querySelectorAll("#panel-whatif .side-by-side h4")[1]?.textContent === title, name);
    const right = await ask("attribution", { ...question, position: 2, method });
    const figures = panel.locator(".side-by-side > figure");
    allNear(await dataOf(figures.nth(1).locator(".chip.source"), "weight"), right.source, 1e-4, method);
    allNear(await dataOf(figures.nth(1).locator(".chip.target"), "weight"), right.target.slice(1, 3), 1e-4, `${method} of what was written`);
    const saved = await savedNumbers(page, panel.locator("section", { has: page.locator(".side-by-side") }).last());
    near(saved.attribution.base, right.base, 1e-4, "log-probability");
  }
  assert.match(await panel.textContent(), /Attention is not explanation/);
});
