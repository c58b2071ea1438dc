// Elements made without markup in strings: text stays text, whatever a dataset contains.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Attributes: `class`, `data-…`, `aria-…` and so on are set as attributes; a function under
 * `onclick` and its like becomes a listener; `style` is an object; `value`, `checked`, `disabled`, `hidden` and
 * `textContent` are properties. Children are nodes, texts, lists of them, or null.
 * @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Record<string, any>} [attrs] @param {...any} children
 * @returns {HTMLElementTagNameMap[T]} */
export function html(tag, attrs = {}, ...children) {
  return fill(document.createElement(tag), attrs, children);
}

/** An SVG element, with attributes and children as those of `html`.
 * @template {keyof SVGElementTagNameMap} T @param {T} tag @param {Record<string, any>} [attrs] @param {...any} children
 * @returns {SVGElementTagNameMap[T]} */
export function svg(tag, attrs = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attrs, children);
}

/** Replaces the children of an element. @template {Element} E @param {E} element @param {...any} children
 * @returns {E} */
export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "textContent", "selected", "indeterminate"]);

/** @template {Element} E @param {E} element @param {Record<string, any>} attrs @param {any[]} children @returns {E} */
function fill(element, attrs, children) {
  for (const [name, value] of Object.entries(attrs ?? {})) assign(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

/** @param {any} element @param {string} name @param {any} value */
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

/** A button. `label` is its content, `title` its purpose. The purpose is also its name, unless the content has words that the
 * purpose has not: who speaks to the page says what is written on it. */
export function button(label, onclick, attrs = {}) {
  const element = html("button", { type: "button", onclick, ...attrs }, label);
  const { title } = attrs;
  const written = element.textContent.toLowerCase().replaceAll(/[^\p{L}\p{N} ]/gu, "").trim();
  const named = attrs["aria-label"] !== undefined || !title || (/\p{L}{2}/u.test(written) && !title.toLowerCase().includes(written));
  if (!named) element.setAttribute("aria-label", title);
  return element;
}

/** A labelled slider that shows its value. Calls `onchange(number)` while it moves.
 * @param {{ label: string, min: number, max: number, step: number, value: number, format?: (value: number) => string,
 *   onchange: (value: number) => void }} what
 * @returns {HTMLLabelElement & { set: (value: number) => void }} */
export function slider({ label, min, max, step, value, format = (number) => String(number), onchange }) {
  const output = html("output", {}, format(value));
  const input = html("input", { type: "range", min, max, step, "aria-label": label, oninput: () => {
    output.textContent = format(Number(input.value));
    onchange(Number(input.value));
  } });
  input.value = String(value);
  const element = html("label", { class: "slider" }, html("span", {}, label), input, output);
  const set = (/** @type {number} */ next) => {
    input.value = String(next);
    output.textContent = format(next);
  };
  return Object.assign(element, { set });
}

/** A choice of one from few, as a row of buttons.
 * @template V
 * @param {{ label: string, options: { value: V, label: string, title?: string }[], value: V, onchange: (value: V) => void }} what
 * @returns {HTMLElement & { set: (value: V) => void }} */
export function segmented({ label, options, value, onchange }) {
  const buttons = options.map((option) =>
    button(option.label, () => { set(option.value); onchange(option.value); }, { title: option.title }));
  const element = html("div", { class: "segmented", role: "group", "aria-label": label }, buttons);
  const set = (/** @type {V} */ next) => buttons.forEach((each, i) =>
    each.setAttribute("aria-pressed", String(options[i].value === next)));
  set(value);
  return Object.assign(element, { set });
}

/** The one observer of all elements that may scroll. */
const scrolling = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

/** An element that can be scrolled with the keyboard as long as it is narrower than what it holds.
 * @template {HTMLElement} E @param {E} element @returns {E} */
export function scrollable(element) {
  scrolling.observe(element);
  return element;
}
