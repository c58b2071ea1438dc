// Making elements without markup in strings: text stays text, whatever a data set contains.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Attributes: `class`, `data-…`, `aria-…` and so on are set as attributes; a function under
 * `onclick` and its like becomes a listener; `style` is an object; `value`, `checked`, `disabled`, `hidden` and
 * `textContent` are properties. Children are nodes, texts, lists of them, or null.
 * @param {string} tag @param {object} [attrs] @param {...any} children */
export function html(tag, attrs = {}, ...children) {
  return fill(document.createElement(tag), attrs, children);
}

/** The same for SVG. */
export function svg(tag, attrs = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attrs, children);
}

/** Replaces what is inside. */
export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "textContent", "selected", "indeterminate"]);

function fill(element, attrs, children) {
  for (const [name, value] of Object.entries(attrs ?? {})) assign(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

function assign(element, name, value) {
  if (value === null || value === undefined) return;
  if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
  else if (name === "style") assignStyle(element, value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

// The content security policy forbids style attributes; properties are allowed.
function assignStyle(element, style) {
  for (const [name, value] of Object.entries(style)) {
    if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.style[name] = value;
  }
}

/** A button. `label` is what it shows; `title` what it is for, also read aloud. */
export function button(label, onclick, attrs = {}) {
  return html("button", { type: "button", onclick, ...attrs, "aria-label": attrs["aria-label"] ?? attrs.title }, label);
}

/** A labelled slider that shows its value. Calls `onchange(number)` while it moves.
 * @returns {HTMLLabelElement & { set: (value: number) => void }} */
export function slider({ label, min, max, step, value, format = String, onchange }) {
  const output = html("output", {}, format(value));
  const input = html("input", { type: "range", min, max, step, "aria-label": label, oninput: () => {
    output.textContent = format(Number(input.value));
    onchange(Number(input.value));
  } });
  input.value = value;
  const element = html("label", { class: "slider" }, html("span", {}, label), input, output);
  element.set = (next) => {
    input.value = next;
    output.textContent = format(next);
  };
  return element;
}

/** A choice of one from few, as a row of buttons. Options: [{ value, label, title }].
 * @returns {HTMLElement & { set: (value: any) => void }} */
export function segmented({ label, options, value, onchange }) {
  const buttons = options.map((option) =>
    button(option.label, () => { element.set(option.value); onchange(option.value); }, { title: option.title }));
  const element = html("div", { class: "segmented", role: "group", "aria-label": label }, buttons);
  element.set = (next) => buttons.forEach((each, i) =>
    each.setAttribute("aria-pressed", String(options[i].value === next)));
  element.set(value);
  return element;
}
