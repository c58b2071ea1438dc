// A picture with a box for each position: patches of an image, spans of a sound, windows of a recording.

import { html, svg, replace, diverging, highlightOn, largest, tooltip } from "any2any/draw";
import { weightText } from "any2any/numbers";

/**
 * @typedef {object} Picture
 * @property {HTMLCanvasElement} canvas                  the value, drawn
 * @property {(region: import("any2any/types").Region) => number[]|null} boxOf   [left, top, width, height] in shares of the picture
 * @property {"block"|"wide"} shape                      keeps its proportions, or takes the whole width
 * @property {HTMLElement|null} [axis]                   what stands below
 * @property {HTMLElement|null} [before]                 what stands to the left, such as names of channels
 * @property {HTMLElement|null} [extra]                  a play button and its like
 */

/**
 * @param {object} what
 * @param {Picture} what.picture
 * @param {import("any2any/types").Position[]} what.positions
 * @param {"source"|"target"} what.side
 * @param {"small"|"large"} what.size
 * @param {(position: number|null) => void} [what.onHover]
 * @param {(position: number) => void} [what.onPick]
 * @param {(position: number) => string|null} [what.tell]
 * @returns {import("any2any/media").Figure} */
export function boxFigure({ picture, positions, side, size, onHover, onPick, tell }) {
  const boxes = positions.map(({ region }) => picture.boxOf(region));
  const veil = html("canvas", { class: "veil pixelated", "aria-hidden": "true" });
  const outlines = svg("svg", { class: "outlines", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  const marks = svg("g");
  outlines.append(boxes.length <= 400 ? grid(boxes) : svg("g"), marks);
  const area = html("div", { class: `picture-area ${onPick ? "pickable" : ""}`, tabindex: onPick || onHover ? 0 : null,
    role: "img", "aria-label": `${side} with ${positions.length} positions` }, picture.canvas, veil, outlines);
  const element = html("div", { class: `picture ${picture.shape} ${size} ${side}` },
    picture.before ?? null, html("div", { class: "picture-column" }, area, picture.axis ?? null), picture.extra ?? null);
  const marked = { hover: null, chosen: null, masked: [] };
  listen(area, boxes, marked, onHover, onPick);
  let lit = null;
  tooltip(area, (event) => {
    const position = under(area, boxes, event);
    if (position === null) return null;
    const told = tell?.(position) ?? (lit?.[position] === undefined ? null : weightText(lit[position]));
    return told === null ? null : `position ${position + 1}: ${told}`;
  });

  function paint(weights, { signed = false } = {}) {
    lit = weights;
    paintVeil(veil, picture, boxes, weights, { side, signed });
    element.classList.toggle("lit", weights !== null);
  }

  function mark(changes) {
    Object.assign(marked, changes);
    replace(marks,
      marked.masked.map((position) => outline(boxes[position], "masked")),
      outline(boxes[marked.chosen], "chosen"), outline(boxes[marked.hover], "hovered"));
  }

  function anchor(position) {
    if (!boxes[position]) return null;
    const { left, top, width, height } = area.getBoundingClientRect();
    const [x, y, w, h] = boxes[position];
    return new DOMRect(left + x * width, top + y * height, w * width, h * height);
  }
  return { element, paint, mark, anchor, repaint: () => paint(lit) };
}

const grid = (boxes) => svg("g", {}, boxes.map((box) => outline(box, "grid")));

function outline(box, name) {
  if (!box) return null;
  const [x, y, width, height] = box;
  return svg("rect", { class: name, x, y, width, height, "vector-effect": "non-scaling-stroke" });
}

function paintVeil(veil, picture, boxes, weights, { side, signed }) {
  const wide = picture.shape === "wide";
  veil.width = wide ? 1600 : 560;
  veil.height = wide ? 240 : Math.max(1, Math.round((560 * picture.canvas.height) / picture.canvas.width));
  if (!weights) return;
  const context = veil.getContext("2d");
  // What lies beside the picture would leave no colour for what is on it.
  const high = largest(boxes.map((box, i) => (box ? Math.abs(weights[i] ?? 0) : 0))) || 1;
  for (const { box: [x, y, width, height], weight } of cellsOf(boxes, weights)) {
    const t = weight / high;
    context.globalAlpha = signed ? 0.8 * Math.abs(t) : 1;
    context.fillStyle = signed ? diverging(Math.sign(t)) : highlightOn(side, t);
    context.fillRect(x * veil.width, y * veil.height, width * veil.width, height * veil.height);
  }
}

/** The picture divided into cells that no edge of a box cuts. A cell in several boxes has the mean of their weights, so
 * that colours do not add up to one that no box has. */
function cellsOf(boxes, weights) {
  const edges = (from, size) => [...new Set(boxes.flatMap((box) => box ? [box[from], box[from] + box[size]] : []).map(rounded))]
    .sort((a, b) => a - b);
  const [xs, ys] = [edges(0, 2), edges(1, 3)];
  const [atX, atY] = [xs, ys].map((all) => new Map(all.map((edge, i) => [edge, i])));
  const cells = new Map();
  boxes.forEach((box, position) => {
    if (!box) return;
    const [left, right] = [box[0], box[0] + box[2]].map((edge) => atX.get(rounded(edge)));
    const [top, bottom] = [box[1], box[1] + box[3]].map((edge) => atY.get(rounded(edge)));
    for (let row = top; row < bottom; row += 1) {
      for (let column = left; column < right; column += 1) {
        const cell = cells.get(row * xs.length + column) ?? { row, column, sum: 0, count: 0 };
        cell.sum += weights[position] ?? 0;
        cell.count += 1;
        cells.set(row * xs.length + column, cell);
      }
    }
  });
  return Array.from(cells.values(), ({ row, column, sum, count }) => ({
    box: [xs[column], ys[row], xs[column + 1] - xs[column], ys[row + 1] - ys[row]],
    weight: sum / count,
  }));
}

/** Rounds edges, which may differ by the error of floats. */
const rounded = (edge) => Math.round(edge * 1e6) / 1e6;

function listen(area, boxes, marked, onHover, onPick) {
  const at = (event) => under(area, boxes, event);
  if (onHover) {
    area.addEventListener("pointermove", (event) => onHover(at(event)));
    area.addEventListener("pointerleave", () => onHover(null));
    area.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();                                    // elsewhere these keys step through the output
      onHover(Math.max(0, Math.min(boxes.length - 1, (marked.hover ?? -by) + by)));
    });
  }
  if (onPick) {
    area.addEventListener("click", (event) => {
      const position = at(event);
      if (position !== null) onPick(position);
    });
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && marked.hover !== null) onPick(marked.hover);
    });
  }
}

/** The position under the pointer. */
function under(area, boxes, { clientX, clientY }) {
  const { left, top, width, height } = area.getBoundingClientRect();
  return nearest(boxes, (clientX - left) / width, (clientY - top) / height);
}

/** The box under a point; where boxes overlap, the one whose middle is nearest. */
function nearest(boxes, x, y) {
  let best = null;
  let least = Infinity;
  boxes.forEach((box, i) => {
    if (!box) return;
    const [left, top, width, height] = box;
    if (x < left || x > left + width || y < top || y > top + height) return;
    const distance = (x - left - width / 2) ** 2 + (y - top - height / 2) ** 2;
    if (distance < least) { least = distance; best = i; }
  });
  return best;
}
