// Layout of a beam search as a tree: a column for each step, rows such that no two branches cross.
//
// The first child of a node shares its row, so that the best hypothesis runs as a straight line along the top, and
// other hypotheses hang below the node at which they left that line. The subtrees of a node are pushed together as far
// as their outlines allow (Reingold and Tilford, 1981).

/**
 * @typedef {{ id: number, parent: number|null, step: number, token: number|null, label: string,
 *   log_probability: number, total: number, score: number, fate: "kept"|"finished"|"pruned" }} BeamNode
 * @typedef {object} Placed
 * @property {BeamNode} node
 * @property {number} column   the step, from 0
 * @property {number} row      from 0, the top
 * @property {number|null} rank   best rank, from 0, among the hypotheses that run through it; null: none does
 * @property {number} dropped  how many of its children were pruned
 * @property {boolean} folded  whether those are left out
 */

/** Lays out the nodes that are not folded away.
 * @param {{ nodes: BeamNode[], best: number[] }} tree
 * @param {(id: number) => boolean} folded   whether a node's pruned children are left out
 * @returns {{ placed: Placed[], columns: number, rows: number, rootDropped: number }} */
export function layout(tree, folded) {
  const children = childrenOf(tree);
  const rank = ranks(tree);
  const placed = new Map();
  const rootRows = place(null);
  let rows = 0;
  for (const each of placed.values()) rows = Math.max(rows, each.row + 1);
  const columns = tree.nodes.reduce((most, { step }) => Math.max(most, step + 1), 0);
  return { placed: [...placed.values()], columns, rows, rootDropped: rootRows.dropped };

  /** Places the nodes below a node, which is at row 0; returns each column's last row, and all these nodes. */
  function place(id) {
    const all = children.get(id) ?? [];
    const dropped = all.filter(isDropped).length;
    const shown = folded(id) ? all.filter((node) => !isDropped(node)) : all;
    shown.sort((a, b) => (rank.get(a.id) ?? Infinity) - (rank.get(b.id) ?? Infinity) || b.total - a.total);
    const outline = [];
    const below = [];
    for (const node of shown) {
      const branch = place(node.id);
      const entry = {
        node, column: node.step, row: 0, rank: rank.get(node.id) ?? null,
        dropped: branch.dropped, folded: folded(node.id),
      };
      placed.set(node.id, entry);
      branch.below.push(entry);
      branch.top[node.step] = 0;
      branch.outline[node.step] = 0;
      push(branch, distance(outline, branch.top), outline);
      below.push(...branch.below);
    }
    return { outline, top: topOf(below), below, dropped };
  }
}

const isDropped = ({ fate }) => fate === "pruned";

function childrenOf({ nodes }) {
  const children = new Map();
  for (const node of nodes) {
    if (!children.has(node.parent)) children.set(node.parent, []);
    children.get(node.parent).push(node);
  }
  return children;
}

/** The best rank of the hypotheses through each node. */
function ranks({ nodes, best }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rank = new Map();
  best.forEach((end, i) => {
    for (const node of upwards(byId, end)) if (!rank.has(node.id)) rank.set(node.id, i);
  });
  return rank;
}

/** A node and its ancestors, the first token last. */
function upwards(byId, id) {
  const path = [];
  for (let node = byId.get(id); node; node = byId.get(node.parent)) path.push(node);
  return path;
}

/** The nodes from the first token to `id`. @returns {BeamNode[]} */
export function pathTo(tree, id) {
  return upwards(new Map(tree.nodes.map((node) => [node.id, node])), id).reverse();
}

/** The rows by which a branch must move down to be below `outline` in every column that both have. */
function distance(outline, top) {
  let down = 0;
  top.forEach((row, column) => {
    if (outline[column] !== undefined) down = Math.max(down, outline[column] + 1 - row);
  });
  return down;
}

function push(branch, down, outline) {
  for (const entry of branch.below) entry.row += down;
  branch.outline.forEach((row, column) => { outline[column] = row + down; });
}

function topOf(entries) {
  const top = [];
  for (const { column, row } of entries) top[column] = Math.min(top[column] ?? Infinity, row);
  return top;
}
