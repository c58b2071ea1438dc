// The computation of one row of attention: query · key, divided by the root of their width, masked, and through
// softmax.
//
// Query and keys are the model's own (GET from /api/machine); scores and softmax are computed here, and compared with
// the weights that the model used. So the page shows that the formula is what the model computes.

import { api, floats } from "any2any/api";
import { html, replace, cellAt, heatmap, divergingRgb, framed, largest, tooltip } from "any2any/draw";
import { matrixOf, nameOf, rowOf } from "any2any/attention";
import { minus, softmax } from "any2any/numbers";
import { namesOf } from "any2any/panels/attention";

/** @import { App, Look } from "any2any/types" */

/** The most keys in the list; the others are summed. */
const MOST_KEYS = 14;

/** Fills itself when the model's numbers arrive. @param {App} app */
export function scoreFigure(app, row) {
  const { look, head } = app.state;
  const body = html("div", {}, html("p", { class: "empty" }, "Asking the model for its queries and keys …"));
  let table = null;
  const choice = html("select", { "aria-label": "Query", onchange: () => show(Number(choice.value)) },
    namesOf(look, head).rows.slice(0, matrixOf(look, head).rows).map((name, i) => html("option", { value: i, selected: i === row }, `${i + 1}: ${name}`)));
  const element = framed({ title: "How a row comes about", name: "score", controls: choice, data: () => table,
    note: `${nameOf(head)}. A score is the product of query and key, divided by the root of their width: the sum of what each neuron adds, orange for looking there and blue against it; the mask takes away what may not be seen; softmax turns scores into weights that sum to one.` }, body);
  const show = (at) => app.attempt(async () => {
    const part = await attentionPart(app, head);
    if (!body.isConnected || app.state.look !== look) return;
    const numbers = part && rowNumbers(look, head, part, at);
    table = numbers;
    replace(body, numbers ? rowTable(numbers, namesOf(look, head)) : html("p", { class: "empty" }, "This model does not give its queries and keys."));
  });
  show(Math.min(row, matrixOf(look, head).rows - 1));
  return element;
}

let kept = { look: null, parts: null };

/** The activations of this layer's attention, requested once a look. @param {App} app */
async function attentionPart(app, { stack, kind, layer }) {
  const { look, tokens } = app.state;
  if (kept.look !== look) {
    const parts = api.machine(app.request({ ...app.alteration(), ...(app.task().target.tokens ? { tokens } : {}) }));
    kept = { look, parts };
  }
  const { parts } = await kept.parts;
  return parts.find((part) => part.kind === "attention" && part.stack === stack && part.layer === layer
    && /cross/i.test(part.id) === (kind === "cross")) ?? null;
}

/** @returns {{ row: number, width: number, query: Float32Array, keys: object[], error: number }|null}
 * @param {Look} look */
function rowNumbers(look, head, part, row) {
  const query = valuesOf(part, "query", head.head);
  const key = valuesOf(part, "key", head.head);
  const weights = rowOf(matrixOf(look, head), row);
  if (!query || !key || key.rows !== weights.length || row >= query.rows) return null;
  const q = query.vector(row);
  const visible = (k) => !(head.stack === "decoder" && head.kind === "self" && k > row) && !masked(look, head, weights, k);
  const scores = weights.length === 0 ? [] : Array.from(weights, (_, k) => dot(q, key.vector(k)) / Math.sqrt(q.length));
  const computed = softmax(scores.map((score, k) => (visible(k) ? score : -Infinity)));
  // Neuron by neuron, as BertViz's neuron view has it: the products sum to the score.
  const products = (/** @type {number} */ k) => key.vector(k).map((number, i) => (number * q[i]) / Math.sqrt(q.length));
  const keys = scores.map((score, k) => ({ position: k, vector: key.vector(k), products: products(k), score, visible: visible(k), computed: computed[k], weight: weights[k] }));
  const error = largest(keys.map(({ computed: mine, weight }) => Math.abs(mine - weight)));
  return { row, width: q.length, query: q, keys, error };
}

/** True for a masked source position, whose weight is exactly 0. @param {Look} look */
const masked = (look, head, weights, k) => head.stack === "encoder" || head.kind === "cross" ? weights[k] === 0 : false;

function valuesOf(part, name, head) {
  const found = part.values.find((each) => each.name === name);
  if (!found) return null;
  const { shape, values } = floats(found.data);
  const [heads, rows, width] = [1, ...shape].slice(-3);
  if (head >= heads) return null;
  return { rows, vector: (row) => values.subarray((head * rows + row) * width, (head * rows + row + 1) * width) };
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
}

// ---- the table ----

function rowTable({ row, width, query, keys, error }, names) {
  const most = largest(keys.map(({ products }) => largest(products.map(Math.abs)))) || 1;
  const reach = largest([query, ...keys.map(({ vector }) => vector)].map((vector) => largest(vector.map(Math.abs)))) || 1;
  const listed = [...keys].sort((a, b) => b.weight - a.weight).slice(0, MOST_KEYS).sort((a, b) => a.position - b.position);
  const rest = keys.length - listed.length;
  const left = 1 - listed.reduce((sum, { computed }) => sum + computed, 0);
  return html("div", { class: "stack" },
    html("div", { class: "score-query" }, html("span", {}, "query of ", html("strong", {}, names.rows[row] ?? row + 1)), vectorStrip(query, reach)),
    html("table", { class: "numbers score" },
      html("thead", {}, html("tr", {}, ["key", `its ${width} numbers`, "× query, each", "query · key / √" + width, "mask", "softmax", ""].map((title) => html("th", {}, title)))),
      html("tbody", {}, listed.map((key) => keyRow(key, names, reach, most)),
        rest > 0 ? html("tr", {}, html("td", { colspan: 5, class: "soft" }, `${rest} more keys together`), html("td", {}, Math.max(0, left).toFixed(4)), html("td")) : null)),
    html("p", { class: "note", "data-error": error }, agreement(error)));
}

function keyRow({ position, vector, products, score, visible, computed, weight }, names, reach, most) {
  return html("tr", { class: visible ? "" : "hidden-key", "data-key": position, "data-weight": weight, "data-computed": computed },
    html("td", {}, names.columns[position] ?? position + 1), html("td", {}, vectorStrip(vector, reach)), html("td", { "data-products": JSON.stringify(Array.from(products)) }, vectorStrip(products, most, (i) => `neuron ${i + 1}: ${minus(products[i].toFixed(3))}`)),
    html("td", {}, minus(score.toFixed(3))), html("td", {}, visible ? "" : "−∞"), html("td", {}, computed.toFixed(4)),
    html("td", {}, html("span", { class: "score-bar" }, html("span", { style: { width: `${100 * computed}%` } }))));
}

/** @param {Float32Array} vector @param {number} reach @param {(i: number) => string} [told]   what is said of a number */
function vectorStrip(vector, reach, told = (i) => `${i + 1}: ${minus(vector[i].toFixed(3))}`) {
  const canvas = html("canvas", { class: "strip-map", role: "img", "aria-label": `${vector.length} numbers` });
  heatmap(canvas, { values: vector, rows: 1, columns: vector.length }, { low: -reach, high: reach, colour: (t) => divergingRgb(2 * t - 1) });
  return tooltip(canvas, (event) => {
    const found = cellAt(event, canvas, 1, vector.length);
    return found && told(found.column);
  });
}

function agreement(error) {
  if (error < 1e-4) return `Computed in this page from query and keys; the weights that the model used are the same (largest difference ${error.toExponential(0)}).`;
  return `Computed in this page from query and keys alone; the model's weights differ by up to ${error.toPrecision(2)}, as something else is added to its scores, such as a bias for distances or ablated heads.`;
}
