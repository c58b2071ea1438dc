// Layout of the figure, in numbers only. Data flows upwards, as in the paper: a column is built from its words at the
// bottom (y = 0) up to smaller and smaller y.

const GAP = 13;
const FORK = 19;                     // below attention: room for three arrows
const RAIL = 15;                     // how far the residual path runs beside the boxes
const OUTER = RAIL + 13;             // left and right of everything
const HEIGHT = { embedding: 34, attention: 38, feed_forward: 38, norm: 20, add_norm: 21, cells: 56, linear: 34, softmax: 34 };

/**
 * @typedef {import("any2any/machine/architecture").Block} Block
 * @typedef {"encoder"|"decoder"} StackName
 * @typedef {{ x: number, y: number, w: number, h: number }} Place
 * @typedef {[number, number]} Point
 *
 * @typedef {object} Round          a sum, or positions
 * @property {Block} block
 * @property {number} x
 * @property {number} y
 * @property {number} r
 * @property {number} [side]        of positions: on which side of the stream there is room
 * @property {number} [room]
 *
 * @typedef {object} Arrow
 * @property {Point[]} points
 * @property {"stream"|"line"|"carry"|"cross"|"context"|"loop"} kind
 * @property {string} key
 * @property {string} [note]
 *
 * @typedef {object} Layout
 * @property {{ x: number, y: number, width: number, height: number }} view
 * @property {(Place & { block: Block })[]} boxes
 * @property {Round[]} rounds
 * @property {(Place & { key: string, stack: StackName, from: [string, string][], note: number })[]} strips
 *   the stream of vectors; from: part and name of its values; note: where its shape is written
 * @property {(Place & { stack: StackName, role: "in"|"out" })[]} words
 * @property {(Place & { stack: StackName, layer: number, of: number, folded: boolean, rail: number, heading: number })[]} frames
 * @property {Arrow[]} arrows
 * @property {{ text: string, x: number, y: number }[]} titles
 * @property {{ x: number, y: number }|null} legend   where there is room for one
 */

/** @typedef {Pick<Layout, "boxes"|"rounds"|"strips"|"words"|"frames"|"arrows"|"titles">} Drawing */

/** @param {import("any2any/machine/architecture").Architecture} architecture
 * @param {{ width: number, shown: number|null, words: Record<"encoder"|"decoder"|"out", number>, perPosition: boolean }} options
 *   shown: the one layer of each stack to draw, or null for all; words: heights { encoder, decoder, out } */
export function layoutOf(architecture, { width, shown, words, perPosition }) {
  const single = architecture.stacks.length === 1;
  const across = acrossOf(architecture, width);
  /** @type {Drawing} */
  const drawing = { boxes: [], rounds: [], strips: [], words: [], frames: [], arrows: [], titles: [] };
  const low = Math.max(...architecture.stacks.map(({ stack }) => words[stack]));
  const columns = architecture.stacks.map((stack, i) => {
    const decoder = stack.stack === "decoder";
    const x = single ? (width - across) / 2 : OUTER + i * (across + 2 * RAIL + betweenOf(width));
    return new Column(drawing, { stack, x, width: across, rail: decoder ? 1 : -1, low, shown, words: words[stack.stack] });
  });
  columns.forEach((column) => column.build());
  const decoder = columns.at(-1);
  decoder.exit(architecture.exit, words.out);
  if (!single) join(drawing, columns[0], decoder, architecture.body, perPosition);
  if (!perPosition) loop(drawing, decoder);
  const top = Math.min(...columns.map(({ y }) => y)) - 4;
  columns.forEach((column) => drawing.titles.push({ text: column.stack.stack, x: column.centre, y: 17 }));
  // The decoder is the higher of the two, so there is room above the encoder.
  const legend = !single && width > 430 ? { x: columns[0].x - RAIL, y: top + 20 } : null;
  return { ...drawing, legend, columns: columns.map(({ stack, x, width: w, centre }) => ({ stack: stack.stack, x, w, centre })),
    view: { x: 0, y: top, width, height: 24 - top } };
}

/** The width of the boxes of a column. */
export function acrossOf(architecture, width) {
  if (architecture.stacks.length === 1) return Math.min(width, 440) - 2 * OUTER;
  return (width - 2 * OUTER - 2 * RAIL - betweenOf(width)) / 2;
}

const betweenOf = (width) => Math.max(30, Math.min(56, width * 0.07));

class Column {
  /** The place of the next part upwards. */
  y = 0;
  /** Height at which the encoder's output enters a decoder without input of its own; else null. @type {number|null} */
  entrance = null;
  /** Boxes that attend to the encoder. @type {{ y: number, box: Place }[]} */
  targets = [];
  /** Boxes of LSTM cells. @type {Place[]} */
  cells = [];

  /** @param {Drawing} drawing
   * @param {{ stack: import("any2any/machine/architecture").BlockStack, x: number, width: number, rail: number, low: number,
   *   shown: number|null, words: number }} given */
  constructor(drawing, { stack, x, width, rail, low, shown, words }) {
    this.drawing = drawing;
    this.stack = stack;
    this.x = x;
    this.width = width;
    this.centre = x + width / 2;
    this.rail = rail;
    this.low = low;
    this.shown = shown;
    this.words = words;
  }

  build() {
    const { stack } = this;
    this.y = this.words - this.low;                               // words of both stacks end at the same height
    if (stack.embedding) {
      this.drawing.words.push({ stack: stack.stack, role: "in", ...this.take(this.words, 0) });
      this.box(stack.embedding);
    } else {
      this.y = -this.low - GAP;
      this.entrance = this.y;
    }
    if (stack.positions) this.positions(stack.positions);
    const first = stack.positions ?? stack.embedding;
    if (first) this.strip(`${stack.stack}.in`, stack.positions ? [first.part, "sum"] : [first.part, "embedded"]);
    const layers = this.shown === null ? stack.layers : [stack.layers[Math.min(this.shown, stack.layers.length - 1)]];
    layers.filter(Boolean).forEach((layer) => this.layer(layer, this.shown !== null));
    if (stack.norm) {
      this.box(stack.norm);
      this.strip(`${stack.stack}.out`, [stack.norm.part, "norm"]);
    }
    if (stack.attention) {
      const box = this.box(stack.attention);
      this.targets.push({ y: box.y + box.h / 2, box });
      if (stack.attention.intoCells && this.cells.length > 0) this.context(box, this.cells[0]);
      this.strip(`${stack.stack}.out`, [stack.attention.part, "output"]);
    }
  }

  /** The line from an LSTM's attention into the first cell of the next step, beside the word. */
  context(from, to) {
    const right = this.x + this.width;
    const rail = right + RAIL * 0.62;
    const low = to.y + to.h - 12;
    this.arrow([[right, from.y + from.h / 2], [rail, from.y + from.h / 2], [rail, low], [right + 1, low]], "context");
  }

  /** Takes the next `height` upwards, with an arrow through the gap below it. */
  take(height, gap = GAP) {
    const bottom = this.y - gap;
    if (gap > 0) this.arrow([[this.centre, this.y], [this.centre, bottom]], "stream");
    this.y = bottom - height;
    return { x: this.x, y: this.y, w: this.width, h: height };
  }

  box(block, gap = GAP) {
    const box = { block, ...this.take(HEIGHT[block.kind], gap) };
    this.drawing.boxes.push(box);
    return box;
  }

  /** Positions: on the stream if they are added to it, beside it if they act inside attention (rotary positions and
   * ALiBi). */
  positions(block) {
    const r = 8;
    const { y } = this.take(2 * r);
    const side = -this.rail;
    const x = block.added ? this.centre : this.centre + side * 24;
    if (!block.added) this.arrow([[this.centre, y + 2 * r], [this.centre, y]], "line");
    this.drawing.rounds.push({ block, x, y: y + r, r, side, room: this.width });
  }

  strip(key, ...from) {
    const note = this.y - 5;
    this.drawing.strips.push({ key, stack: this.stack.stack, from, ...this.take(18, 19), note });
  }

  layer(layer, folded) {
    const { stack } = this.stack;
    const bottom = this.y - 6;
    this.arrow([[this.centre, this.y], [this.centre, bottom]], "line");
    this.y = bottom;
    if (layer.subLayers[0]?.main.kind === "cells") this.recurrent(layer.subLayers.map(({ main }) => main));
    else layer.subLayers.forEach((each) => this.subLayer(each));
    const heading = this.take(20, 0);
    this.arrow([[this.centre, heading.y + 20], [this.centre, heading.y]], "line");
    this.drawing.frames.push({ stack, layer: layer.number, of: layer.of, folded, rail: this.rail, heading: heading.y + 14,
      x: this.x - RAIL - 5, y: heading.y, w: this.width + 2 * RAIL + 10, h: bottom - heading.y });
    // Above folded layers follows the output of the last of them.
    const { subLayers } = folded ? this.stack.layers.at(-1) : layer;
    const { join } = subLayers.at(-1);
    if (join) this.strip(`${stack}.${layer.number}`, [join.part, join.kind === "add" ? "sum" : "norm"]);
    else this.strip(`${stack}.${layer.number}`, ...subLayers.map(({ main }) => [main.part, "hidden"]));
  }

  subLayer({ main, norm, join }) {
    const start = this.y - 5;
    if (norm) this.box(norm, GAP + 3);
    const attention = main.kind === "attention";
    const box = this.box(main, attention ? FORK : GAP + (norm ? 0 : 3));
    if (attention) this.fork(box, main.attends);
    if (!join) return;
    const edge = this.rail > 0 ? this.x + this.width : this.x;
    const rail = edge + this.rail * RAIL * 0.62;
    if (join.kind === "add") {
      const { y } = this.take(15);
      this.drawing.rounds.push({ block: join, x: this.centre, y: y + 7.5, r: 7.5 });
      this.carry(start, rail, y + 7.5, this.centre + this.rail * 8.5);
    } else {
      const sum = this.box(join);
      this.carry(start, rail, sum.y + sum.h / 2, edge);
    }
  }

  carry(from, rail, to, end) {
    this.arrow([[this.centre, from], [rail, from], [rail, to], [end, to]], "carry");
  }

  /** The arrows of queries, keys and values into an attention box; keys and values of cross-attention come from the
   * encoder. */
  fork(box, attends) {
    const from = box.y + box.h + 11;
    const to = box.y + box.h;
    if (attends === "cross") {
      this.targets.push({ y: box.y + box.h / 2, box });
      return;
    }
    for (const side of [-1, 1]) {
      const x = this.centre + side * Math.min(46, this.width / 4);
      this.arrow([[this.centre, from], [x, from], [x, to]], "stream");
    }
  }

  /** One row of cells, or two for both directions, whose outputs are concatenated. */
  recurrent([first, second]) {
    const start = this.y - 5;
    const box = this.box(first, GAP + 3);
    this.cells.push(box);
    if (!second) return;
    const [left, right] = [this.x, this.x + this.width];
    this.y -= 10;
    const other = { block: second, x: this.x, y: this.y - HEIGHT.cells, w: this.width, h: HEIGHT.cells };
    this.drawing.boxes.push(other);
    this.y = other.y;
    const far = RAIL * 0.62;
    this.arrow([[this.centre, start], [left - far, start], [left - far, other.y + other.h / 2], [left, other.y + other.h / 2]], "stream");
    const joint = other.y - 11;
    this.arrow([[right, box.y + box.h / 2], [right + far, box.y + box.h / 2], [right + far, joint], [this.centre, joint]], "line");
    this.arrow([[this.centre, other.y], [this.centre, joint]], "line");
    this.y = joint;
  }

  exit(blocks, height) {
    blocks.forEach((block) => this.box(block));
    this.drawing.words.push({ stack: "decoder", role: "out", ...this.take(height, GAP) });
    this.out = this.y + height;
  }

  arrow(points, kind, key = this.stack.stack) {
    this.drawing.arrows.push({ points, kind, key });
  }
}

/** The lines from the encoder's output to all boxes that attend to it. */
function join(drawing, encoder, decoder, body, perPosition) {
  const rail = (encoder.x + encoder.width + decoder.x) / 2;
  const from = encoder.y - 12;
  const arrow = (points, note) => drawing.arrows.push({ points, kind: "cross", key: "cross", note });
  for (const { y } of decoder.targets) {
    arrow([[encoder.centre, encoder.y], [encoder.centre, from], [rail, from], [rail, y], [decoder.x, y]], "keys, values");
  }
  if (perPosition) {
    const y = decoder.entrance;
    arrow([[encoder.centre, encoder.y], [encoder.centre, from], [rail, from], [rail, y + 9], [decoder.centre, y + 9], [decoder.centre, y]]);
  }
  if (body === "lstm" && decoder.cells.length > 0) {
    const cell = decoder.cells[0];
    const y = cell.y + cell.h - 12;
    arrow([[encoder.centre, encoder.y], [encoder.centre, from], [rail, from], [rail, y], [decoder.x, y]], "first state");
  }
}

/** The line from the decoder's output back to its input, one place further right. */
function loop(drawing, decoder) {
  const edge = decoder.x + decoder.width;
  const rail = edge + RAIL + 9;
  const bottom = drawing.words.find(({ role, stack }) => role === "in" && stack === "decoder");
  const top = drawing.words.find(({ role }) => role === "out");
  if (!bottom) return;
  const from = top.y + top.h / 2;
  const to = bottom.y + bottom.h / 2;
  drawing.arrows.push({ points: [[edge + 2, from], [rail, from], [rail, to], [edge + 3, to]], kind: "loop", key: "loop" });
}
