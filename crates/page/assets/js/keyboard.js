// Keyboard shortcuts of the whole page, and the help that lists them.

import { html, button } from "any2any/draw";
import { PANELS } from "any2any/panels";

/** @import { App } from "any2any/types" */

/** Shortcuts: [key, its name, its description, its action].
 * @type {[string, string, string, (app: import("any2any/types").App) => any][]} */
const KEYS = [
  [" ", "Space", "play or pause", (app) => app.play()],
  ["ArrowRight", "→", "write the next token", (app) => app.step()],
  ["ArrowLeft", "←", "take the last token back", (app) => app.stepBack()],
  ["Home", "Home", "back to the beginning", (app) => app.restart()],
  ["End", "End", "write to the end", (app) => app.translate(app.state.tokens)],
  ["[", "[", "explain the output position before", (app) => app.choose(Math.max(0, app.position() - 1))],
  ["]", "]", "explain the output position after", (app) => app.choose(Math.min(app.count() - 1, app.position() + 1))],
  ["Escape", "Esc", "let go of what is chosen", (app) => app.set({ chosen: null, hover: null })],
  ["?", "?", "this help", () => showHelp()],
];

/** @param {App} app */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const digit = "s1234567890-=".indexOf(event.key);
    const known = KEYS.find(([key]) => key === event.key);
    if (digit >= 0 && PANELS[digit]) app.set({ panel: PANELS[digit][0] });
    else if (known) known[3](app);
    else return;
    event.preventDefault();
  });
}

/** True if the control with the focus uses the key itself. */
function typing({ target, key }) {
  if (target.closest("dialog")) return true;
  if (target.matches("input, textarea, select, [contenteditable]")) return true;
  return key === " " && target.matches("button, summary, a");
}

export function showHelp() {
  const dialog = html("dialog", { class: "help", "aria-label": "Help" },
    html("h2", {}, "How to read this page"),
    html("p", {}, "Above is what the model was given, in blue; below what it writes, in orange. Point at a word that it wrote, and the source lights up where the model looked; point at the source, and the words that used it light up."),
    html("p", {}, "Tabs lead to the figures. Each follows the same translation: step through it, and they all step along. The address holds what you see, so a link leads others to it."),
    html("table", { class: "keys" }, [...KEYS, ["", "s, 1 … 9, 0, -, =", "open a tab"]].map(([, written, what]) =>
      html("tr", {}, html("td", {}, html("kbd", {}, written)), html("td", {}, what)))),
    html("p", { class: "note" }, "In the story, arrow keys, Page Up and Page Down step through the chapters, Home goes back to the first, f is full screen, and the space bar pauses."),
    html("p", { class: "note" }, "Attention is not explanation: a weight says where a head took values from, not why the model chose a word. Compare with the What if tab, which takes things away and looks at what changes."),
    html("form", { method: "dialog" }, button("Close", () => dialog.close(), { class: "primary" })));
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
