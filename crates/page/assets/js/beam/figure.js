// Figure of a beam search as a tree, from left to right, with dropped hypotheses faint.

import { svg, replace } from "any2any/draw";
import { layout } from "any2any/beam/layout";
import { percent, minus } from "any2any/numbers";
import { readable } from "any2any/media/text";

const ROW = 32;
const HIGH = 22;
const GAP = 34;
const PADDING = 9;
const MARGIN = 14;

/** Draws the tree into `root`, an `<svg>`.
 * @param {SVGElement} root
 * @param {{ nodes: import("any2any/beam/layout").BeamNode[], best: number[] }} tree
 * @param {object} options
 * @param {(id: number|null) => boolean} options.folded
 * @param {(id: number|null) => void} options.onFold
 * @param {(id: number|null) => void} options.onShow   the pointer or the focus is on a node
 * @param {(id: number) => void} options.onTake
 * @returns {{ show: (ids: Set<number>, id: number|null) => void }} lights a path */
export function drawTree(root, tree, { folded, onFold, onShow, onTake }) {
  const { placed, columns, rows, rootDropped } = layout(tree, folded);
  const at = frame(placed, columns);
  const edges = new Map();
  const pills = new Map();
  const byId = new Map(placed.map((each) => [each.node.id, each]));
  const begin = { x: MARGIN, y: MARGIN + ROW / 2, width: 14 };
  for (const each of placed) {
    const from = each.node.parent === null ? begin : at(byId.get(each.node.parent));
    edges.set(each.node.id, edge(each, from, at(each)));
    pills.set(each.node.id, pill(each, at(each), tree.best));
  }
  const width = at.width;
  const height = 2 * MARGIN + Math.max(1, rows) * ROW;
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  for (const [name, value] of Object.entries(size)) root.setAttribute(name, String(value));
  // Strong lines above faint ones, so that no dropped branch crosses a hypothesis.
  const faintFirst = [...placed].sort((a, b) => (b.rank ?? Infinity) - (a.rank ?? Infinity));
  replace(root,
    svg("g", { class: "edges" }, faintFirst.map(({ node }) => edges.get(node.id))),
    svg("circle", { class: "begin", cx: begin.x + 7, cy: begin.y, r: 5 }),
    svg("g", {}, placed.map(({ node }) => pills.get(node.id))),
    svg("g", { class: "folds" }, fold(null, begin, rootDropped, folded(null), onFold),
      placed.map((each) => fold(each.node.id, at(each), each.dropped, each.folded, onFold))));
  listen(root, { byId, pills, onShow, onTake, onFold });
  return {
    show(ids, id) {
      root.classList.toggle("showing", id !== null);
      for (const [each, element] of pills) element.classList.toggle("on", id !== null && ids.has(each));
      for (const [each, element] of edges) element.classList.toggle("on", id !== null && ids.has(each));
    },
  };
}

/** The place of each node, in columns as wide as their widest label. */
function frame(placed, columns) {
  const widths = Array(columns).fill(20);
  for (const { node, rank } of placed) {
    const own = widthOf(textOf(node)) + 2 * PADDING + (node.fate === "finished" && rank !== null ? 76 : 0);
    widths[node.step] = Math.max(widths[node.step], own);
  }
  const lefts = [];
  let left = MARGIN + 14 + GAP;
  for (const width of widths) { lefts.push(left); left += width + GAP; }
  const at = ({ node, row }) => ({
    x: lefts[node.step],
    y: MARGIN + row * ROW + ROW / 2,
    width: widthOf(textOf(node)) + 2 * PADDING,
  });
  at.width = Math.ceil(left - GAP + MARGIN + 10);
  return at;
}

/** The text of a node's token. */
export const textOf = ({ token, label }) => (token === null ? "end" : readable(label).text);

const measuring = document.createElement("canvas").getContext("2d");

function widthOf(text) {
  measuring.font = "13px system-ui, sans-serif";
  return Math.ceil(measuring.measureText(text).width);
}

/** An edge as thick as its token was probable. */
function edge({ node, rank }, from, to) {
  const x = from.x + from.width;
  const bend = Math.min(GAP, to.x - x) / 2;
  return svg("path", {
    class: `edge ${fateOf(node, rank)}`,
    d: `M${x},${from.y} H${to.x - 2 * bend} C${to.x - bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}`,
    "stroke-width": (0.8 + 4.2 * Math.exp(node.log_probability)).toFixed(2),
    "data-id": node.id,
  });
}

/** The class of a node. won: it belongs to a ranked hypothesis; lost: it was continued, but in vain; dropped. */
function fateOf({ fate }, rank) {
  if (rank !== null) return rank === 0 ? "won first" : "won";
  return fate === "pruned" ? "dropped" : "lost";
}

function pill({ node, rank, row, column }, { x, y, width }, best) {
  const share = Math.exp(node.log_probability);
  const place = best.indexOf(node.id);
  const ranked = place < 0 ? "" : `, hypothesis ${place + 1}, score ${node.score.toFixed(2)}`;
  return svg("g", {
    class: `node ${fateOf(node, rank)}${node.token === null ? " end" : ""}`,
    role: "button", tabindex: row === 0 && column === 0 ? 0 : -1,
    "aria-description": `${textOf(node)}, ${percent(share)}, ${node.fate}, log-probability so far ${node.total.toFixed(2)}${ranked}`,
    "data-id": node.id, "data-probability": share,
  },
  svg("rect", { class: "pill", x, y: y - HIGH / 2, width, height: HIGH, rx: 5 }),
  svg("rect", { class: "share", x: x + 4, y: y + HIGH / 2 - 3.5, width: Math.max(0.5, (width - 8) * share), height: 2 }),
  svg("text", { x: x + PADDING, y: y - 0.5, "dominant-baseline": "middle" }, textOf(node)),
  place < 0 ? null : medal(place + 1, node.score, x + width + 16, y));
}

/** The rank of a hypothesis with its score. */
function medal(place, score, x, y) {
  return svg("g", { class: "medal" },
    svg("circle", { cx: x, cy: y, r: 9.5 }),
    svg("text", { x, y: y + 0.5, "text-anchor": "middle", "dominant-baseline": "middle" }, String(place)),
    svg("text", { class: "score", x: x + 15, y: y + 0.5, "dominant-baseline": "middle" }, minus(score.toFixed(2))));
}

/** The small sign beside a node for its dropped children. */
function fold(id, { x, y, width }, dropped, folded, onFold) {
  if (dropped === 0) return null;
  const title = folded ? `show the ${dropped} that were dropped here` : "fold what was dropped here";
  const toggle = (event) => { event.stopPropagation(); onFold(id); };
  // Keyboards fold by the space bar on the node itself.
  return svg("g", { class: `fold${folded ? " folded" : ""}`, "aria-hidden": "true", onclick: toggle },
    svg("title", {}, title),
    svg("rect", { x: x + width + 1, y: y + 3, width: 20, height: 14, rx: 7 }),
    svg("text", { x: x + width + 11, y: y + 14, "text-anchor": "middle" }, folded ? `+${dropped}` : "−"));
}

// Pointer and keys. Listeners stand on the root, and a new drawing replaces the old ones.
const listening = new WeakMap();

/** @param {SVGElement} root */
function listen(root, { byId, pills, onShow, onTake, onFold }) {
  listening.get(root)?.abort();
  const control = new AbortController();
  listening.set(root, control);
  const idOf = (event) => {
    const id = event.target.closest?.("[data-id]")?.dataset.id;
    return id === undefined ? null : Number(id);
  };
  const on = (name, listener) => root.addEventListener(name, listener, { signal: control.signal });
  on("pointerover", (event) => { const id = idOf(event); if (id !== null) onShow(id); });
  on("pointerleave", () => onShow(null));
  on("focusin", (event) => onShow(idOf(event)));
  on("click", (event) => { const id = idOf(event); if (id !== null) onTake(id); });
  on("keydown", (event) => {
    const id = idOf(event);
    if (id === null) return;
    const next = neighbour(byId, id, event.key);
    if (next) focus(pills, next.node.id);
    else if (event.key === "Enter") onTake(id);
    else if (event.key === " ") onFold(id);
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function focus(pills, id) {
  for (const [each, element] of pills) element.setAttribute("tabindex", each === id ? 0 : -1);
  pills.get(id).focus();
}

/** Left to the parent, right to the best child, up and down within the column. */
function neighbour(byId, id, key) {
  const all = [...byId.values()];
  const here = byId.get(id);
  const byRow = (a, b) => a.row - b.row;
  switch (key) {
    case "ArrowLeft": return byId.get(here.node.parent);
    case "ArrowRight": return all.filter(({ node }) => node.parent === id).sort(byRow)[0];
    case "ArrowDown": return all.filter(({ column, row }) => column === here.column && row > here.row).sort(byRow)[0];
    case "ArrowUp": return all.filter(({ column, row }) => column === here.column && row < here.row).sort(byRow).at(-1);
    default: return undefined;
  }
}
