// The panels in the order of their tabs, and their life: a panel is loaded and mounted when it is first opened, and
// gets changes only while it is open.

import { html, replace } from "any2any/draw";

/** @import { App } from "any2any/types" */

/** @typedef {{ id: string, title: string, hint: string, mount: (root: HTMLElement, app: import("any2any/types").App) => void }} Panel */

/** id → title of the tab. The module `any2any/panels/ID` exports `panel`. */
export const PANELS = [
  ["story", "Story"],
  ["source", "Source"],
  ["steps", "Step by step"],
  ["attention", "Attention"],
  ["distribution", "Next word"],
  ["beam", "Beam"],
  ["whatif", "What if"],
  ["machine", "The machine"],
  ["memory", "Memory"],
  ["research", "Research"],
  ["compare", "Compare"],
  ["training", "Training"],
  ["sweep", "Sweep"],
];

/** Fills the tabs and shows the panel that `state.panel` names. @param {App} app */
export function showPanels(app, tabs, main) {
  const shown = new Map();                                        // id → { section, wake }
  const buttons = PANELS.map(([id, title]) => html("button", {
    type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => app.set({ panel: id }),
  }, title));
  replace(tabs, buttons);
  tabs.addEventListener("keydown", (event) => moveBetween(buttons, event));

  const show = async () => {
    const id = PANELS.some(([known]) => known === app.state.panel) ? app.state.panel : "source";
    buttons.forEach((each, i) => {
      each.setAttribute("aria-selected", String(PANELS[i][0] === id));
      each.tabIndex = PANELS[i][0] === id ? 0 : -1;
      // On narrow screens the tabs are a row that scrolls.
      if (PANELS[i][0] === id && tabs.scrollWidth > tabs.clientWidth) centre(tabs, each);
    });
    document.body.dataset.panel = id;
    const { section, wake } = shown.get(id) ?? await mount(id, app, shown, main);
    if (document.body.dataset.panel !== id) return;               // another was chosen while this one was loaded
    for (const other of main.children) other.hidden = other !== section;
    wake();
  };
  app.on("change", (keys) => { if (keys.has("panel")) show(); });
  return show();
}

/** @param {App} app */
async function mount(id, app, shown, main) {
  const section = html("section", { class: "panel", id: `panel-${id}`, role: "tabpanel", "aria-labelledby": `tab-${id}` });
  const whileOpen = sleeping(app, () => !section.hidden);
  const entry = { section, wake: whileOpen.wake };
  shown.set(id, entry);
  main.append(section);
  try {
    const { panel } = await import(`any2any/panels/${id}`);
    const root = html("div", { class: "panel-body" });
    section.append(html("header", { class: "panel-head" }, html("h2", {}, panel.title), html("p", { class: "hint" }, panel.hint)), root);
    panel.mount(root, whileOpen.app);
  } catch (error) {
    console.error(error);
    replace(section, html("p", { class: "empty" }, `This panel could not be opened: ${error.message}`));
  }
  return entry;
}

/** The app of one panel: while the panel is closed, changes are collected; `wake` delivers them.
 * @param {App} app */
function sleeping(app, open) {
  const listeners = new Set();
  let missed = new Set();
  const tell = (keys) => { for (const listener of [...listeners]) listener(keys); };
  app.on("change", (keys) => {
    if (open()) tell(keys);
    else for (const key of keys) missed.add(key);
  });
  const on = (event, listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const wake = () => {
    const keys = missed;
    missed = new Set();
    if (keys.size > 0) tell(keys);
  };
  return { app: Object.assign(Object.create(app), { on }), wake };
}

function moveBetween(buttons, event) {
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const at = buttons.indexOf(document.activeElement);
  const next = buttons[(at + by + buttons.length) % buttons.length];
  next.focus();
  next.click();
}

/** Scrolls a row so that one of its elements stands in its middle. What is scrolled into view by the browser is where a keyboard
 * goes on from, past the link that skips to the figures.
 * @param {HTMLElement} row @param {HTMLElement} element */
function centre(row, element) {
  const [of, whole] = [element.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += of.left + of.width / 2 - whole.left - row.clientWidth / 2;
}
