// One attention head of two models, and the difference of its weights.

import { html, downloads } from "any2any/draw";
import { headOf, isPicture, labelsOf, mapFigure, minusMatrix, pictureFigure, weightsOf } from "any2any/compare/maps";
import { signed } from "any2any/numbers";

/** @typedef {{ head: import("any2any/state").Head, matrix: import("any2any/draw/heatmap").Matrix, name: string, look: import("any2any/types").Look }} Side */

/** @param {import("any2any/types").App} app @param {{ one: import("any2any/types").Look, other: import("any2any/types").Look, alike: boolean }} answer @param {number} room pixels */
export function attentionOfBoth(app, { one, other, alike }, room) {
  const [a, b] = [one, other].map((look) => headOf(look, app.state.head));
  if (!a || !b) {
    const who = !a && !b ? "Neither has" : a ? "B has no" : "A has no";
    return html("p", { class: "note" }, `${who} attention to draw.`);
  }
  const sides = [{ look: one, ...a }, { look: other, ...b }];
  const sameSource = one.source?.positions.length === other.source?.positions.length;
  const comparable = a.name === b.name && sameSource && (alike || !one.logits);
  const across = room < 640 ? 1 : comparable ? 3 : 2;
  const width = (room - (across - 1) * 32) / across;
  const { figures, data, note } = sides.every(({ look, head }) => isPicture(look, head))
    ? pictures(sides, app.position(), comparable, width)
    : matrices(sides, comparable, width);
  const drawn = html("div", { class: "maps" }, figures);
  const save = downloads({ name: "attention-compared", figure: () => drawn, data: () => ({ head: a.name, ...data }) });
  return [
    html("div", { class: "title-row" }, html("h3", {}, "What the same head looks at"), save),
    drawn,
    html("p", { class: "note" }, note),
  ];
}

/** @param {Side[]} sides @param {boolean} comparable @param {number} width */
function matrices([one, other], comparable, width) {
  const difference = comparable ? minusMatrix(other.matrix, one.matrix) : null;
  const [rows, columns] = labelsOf(one.look, one.head);
  const map = ({ look, head, matrix, name }, letter) => mapFigure({
    title: `${letter}: ${name}`, matrix, labels: labelsOf(look, head), width, high: 1,
    say: (row, column) => at(matrix, row, column).toFixed(3),
  });
  const both = (row, column) => [one, other].map(({ matrix }, i) => `${"AB"[i]} ${at(matrix, row, column).toFixed(3)}, `);
  // A cell of a pooled difference has no single weights.
  const whole = difference?.rows === one.matrix.rows && difference?.columns === one.matrix.columns;
  const say = (row, column) => [whole ? both(row, column) : "", signed(at(difference, row, column), 3)].flat().join("");
  return {
    figures: [map(one, "A"), map(other, "B"),
      difference && mapFigure({ title: "B − A", matrix: difference, labels: [rows, columns], width, signed: true, say })],
    data: { rows, columns, a: one.matrix, b: other.matrix, difference },
    note: difference
      ? "A row is something written, and its columns what the model looked at then: orange where B looks more than A, "
        + "blue where less. The head is chosen above, at the translation."
      : "The two have no common shape to subtract: for a difference choose the same input, or two models with the same "
        + "vocabulary.",
  };
}

/** @param {import("any2any/draw/heatmap").Matrix} matrix @param {number} row @param {number} column */
const at = ({ values, offset = 0, columns }, row, column) => values[offset + row * columns + column];

/** The attention weights of the chosen output, drawn over the image or the recording.
 * @param {Side[]} sides @param {number} position @param {boolean} comparable @param {number} width */
function pictures([one, other], position, comparable, width) {
  const [a, b] = [one, other].map(({ look, ...head }) =>
    weightsOf(look, head, Math.min(position, look.target.positions.length - 1)));
  const difference = comparable ? b.map((weight, i) => weight - a[i]) : null;
  return {
    figures: [
      pictureFigure({ title: `A: ${one.name}`, look: one.look, weights: a, width }),
      pictureFigure({ title: `B: ${other.name}`, look: other.look, weights: b, width }),
      difference && pictureFigure({ title: "B − A", look: one.look, weights: difference, signed: true, width }),
    ],
    data: { a, b, difference },
    note: `Where the model looked when it wrote the chosen output${difference
      ? "; in the last picture orange where B looks more than A, blue where less" : ""}.`,
  };
}
