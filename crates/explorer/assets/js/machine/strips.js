// The stream of vectors between boxes, and the marks of the position that is hovered or explained.

import { svg, divergingRgb, hideTooltip, showTooltip } from "any2any/draw";
import { extent, matrix, times, written } from "any2any/machine/flow";
import { beside, markOf, picture, turned } from "any2any/machine/picture";

/** The vectors on their way: a column a position, as the words below them; features from top to bottom. */
export function strip({ key, stack, x, y, w, h, note, from }, { flow }) {
  const numbers = from.map((each) => flow.value(...each)).filter(Boolean);
  if (numbers.length === 0) return svg("g");
  const stream = beside(numbers.map((each) => matrix(each)));
  const { rows, columns } = stream;
  const most = extent(stream.values) * 0.7;
  const image = picture(turned(stream), { x, y, w, h, colour: (t) => divergingRgb(2 * t - 1), low: -most, high: most });
  image.addEventListener("pointermove", (event) => {
    const box = image.getBoundingClientRect();
    const position = Math.min(rows - 1, Math.floor(((event.clientX - box.left) / box.width) * rows));
    const feature = Math.min(columns - 1, Math.floor(((event.clientY - box.top) / box.height) * columns));
    const label = flow.labels[stack][position] ?? `position ${position + 1}`;
    const value = written(stream.values[position * columns + feature]);
    showTooltip(event, `${label} · number ${feature + 1} of ${columns}: ${value}`);
  });
  image.addEventListener("pointerleave", hideTooltip);
  const width = numbers.reduce((sum, { full }) => sum + full.at(-1), 0);
  const mark = { class: `mark ${stack}`, "data-rows": rows, "data-left": x };
  return svg("g", { class: "strip", "data-key": key },
    svg("text", { class: "shape", x: x + 1, y: note }, times([numbers[0].full.at(-2), width])),
    image,
    svg("rect", { class: "strip-edge", x, y, width: w, height: h, rx: 2 }),
    svg("rect", { ...mark, x, y: y - 1, width: w / rows, height: h + 2, rx: 2 }));
}

/** Moves the marks in place: drawing all again at each movement of the pointer would be slow. */
export function markAll(figure, app) {
  for (const stack of ["encoder", "decoder"]) {
    for (const mark of figure.querySelectorAll(`.mark.${stack}`)) {
      const at = markOf(app, stack, Number(mark.dataset.rows));
      mark.setAttribute("display", at === null ? "none" : "inline");
      if (at !== null) mark.setAttribute("x", Number(mark.dataset.left) + at * Number(mark.getAttribute("width")));
    }
    for (const row of figure.querySelectorAll(`.words.${stack}`)) {
      const at = markOf(app, stack, Infinity);
      for (const word of row.querySelectorAll(".word")) word.classList.toggle("marked", Number(word.dataset.at) === at);
    }
  }
}
