// Before and after: the outputs, the probability of each token, and the change of the next token's distribution.

import { html, diverging } from "any2any/draw";
import { readable } from "any2any/media/text";
import { distribution, minus, percent, signed } from "any2any/numbers";
import { difference, partsOf, moved } from "any2any/probabilities";

/** Two outputs one below the other, with their differences marked.
 * @param {{ name: string, text: string, log_probability?: number|null }[]} two   or only one */
export function outputs(two) {
  const parts = difference(partsOf(two[0].text), partsOf(two.at(-1).text));
  const gap = two.some(({ text }) => /\s/.test(text.trim())) || parts.before.length < 2 ? " " : "";
  return html("dl", { class: "outputs" }, two.map(({ name, log_probability }, i) => {
    const own = i === 0 ? parts.before : parts.after;
    return html("div", {},
      html("dt", {}, name),
      html("dd", {},
        html("p", { class: "value-text" }, own.length > 0 ? null : html("span", { class: "empty" }, "nothing"),
          own.map(({ part, same }, k) =>
            [k > 0 ? gap : "", same ? part : html("mark", { class: i === 0 ? "gone" : "new" }, part)])),
        log_probability == null ? null : html("p", { class: "small soft number" },
          `log-probability ${minus(log_probability.toFixed(2))}, probability ${percent(Math.exp(log_probability))}`)));
  }));
}

/** Each token with its probability before and after, and the difference of log-probability as a bar.
 * @param {{ label: string, before: number, after: number, chosen: boolean }[]} rows   log-probabilities; `after` is
 *   null while nothing is changed
 * @param {{ names: [string, string], change?: string, onPick: (row: number) => void }} options */
export function tokenRows(rows, { names, change = "change of log-probability", onPick }) {
  const reach = Math.max(1, ...rows.map(({ before, after }) => Math.abs((after ?? before) - before)));
  return html("table", { class: "token-rows" },
    html("thead", {}, html("tr", {}, ["token", ...names, change].map((name) => html("th", { scope: "col" }, name)))),
    html("tbody", {}, rows.map((row, i) => tokenRow(row, reach, () => onPick(i)))),
    html("tfoot", {}, total(rows)));
}

function tokenRow({ label, before, after, chosen }, reach, onclick) {
  const change = after === null ? null : after - before;
  return html("tr", { class: chosen ? "chosen" : null, "data-change": change, onclick },
    html("th", { scope: "row" }, html("button", { type: "button", class: "link" }, readable(label).text)),
    html("td", { class: "number soft" }, percent(Math.exp(before))),
    html("td", { class: "number" }, after === null ? "" : percent(Math.exp(after))),
    html("td", {}, change === null ? html("span", { class: "change" }) : changeBar(change, reach)));
}

function total(rows) {
  const [before, after] = ["before", "after"].map((key) => rows.reduce((sum, row) => sum + row[key], 0));
  const untouched = rows.some((row) => row.after === null);
  return html("tr", {}, html("th", { scope: "row" }, "all together"),
    html("td", { class: "number soft" }, percent(Math.exp(before))),
    html("td", { class: "number" }, untouched ? "" : percent(Math.exp(after))),
    html("td", { class: "number" }, untouched ? "" : `${signed(after - before)}${times(after - before)}`));
}

/** The factor of a change as text: "that is 0.05 times as probable". */
function times(change) {
  if (Math.abs(change) < 0.005) return "";
  const factor = Math.exp(change);
  if (factor > 9999) return ", over 9,999 times as probable";
  return `, ${factor < 0.001 ? "under 0.001" : factor.toPrecision(2)} times as probable`;
}

/** The share of its cell that the longest bar takes to either side, which leaves room for its number. */
const REACH = 31;

/** A bar to the left (less probable) or right (more probable) of the middle. */
export function changeBar(change, reach) {
  const share = Math.min(1, Math.abs(change) / reach);
  const side = change < 0 ? "less" : "more";
  const backgroundColor = diverging(Math.sign(change) * (0.35 + 0.5 * share));
  const place = { [change < 0 ? "right" : "left"]: `calc(50% + ${REACH * share}% + 5px)` };
  return html("span", { class: "change" },
    html("span", { class: `strip ${side}`, style: { width: `${REACH * share}%`, backgroundColor } }),
    html("span", { class: `number ${side}`, style: place }, signed(change)));
}

/** The likeliest next tokens before and after as pairs of bars.
 * @param {ArrayLike<number>} before @param {ArrayLike<number>} after   logits
 * @param {{ forbidden: number[], label: (token: number) => string, names: [string, string], count?: number }} options */
export function distributions(before, after, { forbidden, label, names, count = 7 }) {
  const [one, other] = [before, after].map((logits) => distribution(logits, { forbidden }));
  const most = (token) => Math.max(one.before[token], other.before[token]);
  const tokens = [...new Set([...one.order.slice(0, count - 2), ...other.order.slice(0, count - 2)])]
    .sort((a, b) => most(b) - most(a)).slice(0, count);
  const share = moved(one.before, other.before);
  return html("div", { class: "stack" },
    html("div", { class: "pairs", "data-moved": share }, tokens.map((token) =>
      pair(label(token), one.before[token], other.before[token], names))),
    html("p", { class: "note" },
      html("span", { class: "key before" }), ` ${names[0]}   `, html("span", { class: "key after" }), ` ${names[1]}. `,
      share < 0.0005 ? "No probability has moved." : `${percent(share)} of the probability has moved to other tokens.`));
}

function pair(label, before, after, names) {
  const bar = (name, value) => html("span", { class: `strip ${name}`, style: { width: `${100 * value}%` } });
  return html("div", { class: "pair", title: `${label}: ${names[0]} ${percent(before)}, ${names[1]} ${percent(after)}` },
    html("span", { class: "word" }, readable(label).text),
    html("span", { class: "bars" }, bar("before", before), bar("after", after)),
    html("span", { class: "number small soft" }, percent(before)),
    html("span", { class: "number small" }, percent(after)));
}
