// Saved figures: SVG as drawn, PNG at twice its size, JSON with the numbers.

import { html, button, svg } from "any2any/draw/elements";

/** Three small buttons that save a figure. `figure()` returns its `<svg>`, `<canvas>` or any element that contains
 * some, `data()` the numbers behind it; `name` becomes the file's name.
 * @param {{ name: string, figure: () => Element|null, data: () => any }} what */
export function downloads({ name, figure, data }) {
  return html("div", { class: "downloads", role: "group", "aria-label": "Save this figure" },
    button("PNG", () => savePng(name, figure()), { title: "Save this figure as PNG" }),
    button("SVG", () => saveSvg(name, figure()), { title: "Save this figure as SVG" }),
    button("JSON", () => saveJson(name, data()), { title: "Save the numbers behind this figure as JSON" }));
}

export function saveJson(name, data) {
  const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(/** @type {Float32Array} */ (value)) : value);
  save(`${name}.json`, new Blob([JSON.stringify(data, plain, 1)], { type: "application/json" }));
}

export function saveSvg(name, element) {
  if (element) save(`${name}.svg`, new Blob([svgText(element)], { type: "image/svg+xml" }));
}

export async function savePng(name, element) {
  if (!element) return;
  const drawing = standalone(element);
  const picture = new Image();
  const loaded = new Promise((resolve, reject) => { picture.onload = resolve; picture.onerror = reject; });
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(drawing))}`;
  await loaded;
  const canvas = html("canvas", { width: 2 * Number(drawing.getAttribute("width")), height: 2 * Number(drawing.getAttribute("height")) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => blob && save(`${name}.png`, blob), "image/png");
}

export const svgText = (element) => textOf(standalone(element));

const textOf = (drawing) => new XMLSerializer().serializeToString(drawing);

/** Margin around a saved figure, in pixels. */
const MARGIN = 12;

/** Any element as one standalone SVG: SVG is copied, canvases become pictures, and texts and boxes keep their places on
 * the page. */
function standalone(element) {
  const { left, top } = element.getBoundingClientRect();
  const drawing = { origin: { x: left - MARGIN, y: top - MARGIN }, right: 0, bottom: 0, parts: [] };
  copy(element, drawing);
  const [width, height] = [drawing.right + MARGIN, drawing.bottom + MARGIN];
  const paper = getComputedStyle(document.body).backgroundColor;
  return svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` },
    svg("rect", { width: "100%", height: "100%", fill: paper }), drawing.parts);
}

function copy(element, drawing) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  const box = element.getBoundingClientRect();
  if (element.tagName === "svg") return add(drawing, box, copyOfSvg(element));
  if (element.tagName === "CANVAS") return add(drawing, box, pictureOf(element));
  const shape = boxOf(style);
  if (shape) add(drawing, box, shape);
  for (const child of element.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE) copy(child, drawing);
    else if (child.nodeType === Node.TEXT_NODE) for (const line of linesOf(child)) add(drawing, line.box, textAt(line.text, style));
  }
}

/** Puts a part at the place of its box on the page. */
function add(drawing, box, part) {
  const x = box.left - drawing.origin.x;
  const y = box.top - drawing.origin.y;
  drawing.right = Math.max(drawing.right, x + box.width);
  drawing.bottom = Math.max(drawing.bottom, y + box.height);
  const baseline = part.tagName === "text" ? 0.78 * box.height : 0;
  for (const [name, value] of Object.entries({ x, y: y + baseline })) part.setAttribute(name, value.toFixed(1));
  if (part.tagName === "text") part.setAttribute("textLength", box.width.toFixed(1));
  else for (const name of ["width", "height"]) part.setAttribute(name, box[name].toFixed(1));
  drawing.parts.push(part);
}

const PAINTED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity",
  "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];

/** A copy of an SVG with all styles resolved, which needs no style sheet. */
function copyOfSvg(element) {
  const clone = element.cloneNode(true);
  const originals = [element, ...element.querySelectorAll("*")];
  [clone, ...clone.querySelectorAll("*")].forEach((each, i) => {
    const style = getComputedStyle(originals[i]);
    for (const name of PAINTED) each.setAttribute(name, style.getPropertyValue(name));
    each.removeAttribute("class");
  });
  clone.setAttribute("overflow", getComputedStyle(element).overflow);
  return clone;
}

/** @param {HTMLCanvasElement} canvas */
function pictureOf(canvas) {
  return svg("image", { href: canvas.toDataURL(), preserveAspectRatio: "none",
    style: { imageRendering: canvas.classList.contains("pixelated") ? "pixelated" : "auto" } });
}

function boxOf(style) {
  const painted = style.backgroundColor !== "rgba(0, 0, 0, 0)";
  const line = parseFloat(style.borderTopWidth) || 0;
  if (!painted && line === 0) return null;
  return svg("rect", {
    rx: parseFloat(style.borderTopLeftRadius) || 0,
    fill: painted ? style.backgroundColor : "none",
    stroke: line ? style.borderTopColor : "none", "stroke-width": line,
  });
}

function textAt(text, style) {
  return svg("text", { fill: style.color, "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight }, text);
}

/** The lines that a text was broken into: words whose boxes stand at one height. */
function linesOf(node) {
  const lines = [];
  for (const { 0: word, index } of node.textContent.matchAll(/\S+/g)) {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    const line = lines.at(-1);
    if (line && Math.abs(line.box.top - box.top) < 2) {
      line.text += ` ${word}`;
      line.box = new DOMRect(line.box.left, line.box.top, box.right - line.box.left, line.box.height);
    } else lines.push({ text: word, box });
  }
  return lines;
}

export function save(name, blob) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
