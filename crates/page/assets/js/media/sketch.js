// A sketch pad for mouse, pen or finger, which gives a PNG of the size that the model is used to.

import { html, button } from "any2any/draw/elements";

const SIDE = 280;
/** The share of the picture that a digit of MNIST takes: the middle 20 of its 28 pixels, centred by its mass. A drawing
 * is scaled to it. */
const INNER = 20 / 28;

/** @param {{ width: number, height: number, light: boolean, onDrawn: (png: string) => void }} options
 *   light: dark ink on light paper; onDrawn: gets the drawing as it grows, at most once a frame; png: base64 @returns {HTMLElement} */
export function sketchPad({ width, height, light, onDrawn }) {
  const scale = SIDE / Math.min(width, height);
  const canvas = html("canvas", { class: "sketch", width: Math.min(840, width * scale), height: height * scale,
    role: "img", "aria-label": "Draw here" });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const paper = light ? "#ffffff" : "#000000";
  const clear = () => {
    context.fillStyle = paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  let planned = 0;
  const drawn = () => {
    planned ||= requestAnimationFrame(() => {
      planned = 0;
      onDrawn(fitted(canvas, width, height, light).toDataURL("image/png").split(",")[1]);
    });
  };
  drawWith(canvas, context, light ? "#000000" : "#ffffff", drawn);
  clear();
  return html("div", { class: "stack" }, canvas, html("div", { class: "controls" }, button("Clear", clear, { title: "Clear the drawing" })));
}

/** @param {HTMLCanvasElement} canvas */
function drawWith(canvas, context, ink, drawn) {
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * canvas.width) / box.width, y: ((event.clientY - box.top) * canvas.height) / box.height };
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(context, ink, last, last);
    drawn();
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const next = at(each);
      stroke(context, ink, last, next);
      last = next;
    }
    drawn();
  });
  const end = () => { last = null; };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

function stroke(context, ink, from, to) {
  context.strokeStyle = ink;
  context.lineWidth = SIDE / 13;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y + 0.01);
  context.stroke();
}

/** The drawing at the model's size; a single glyph is scaled and centred by its mass, a line of them is not.
 * @param {HTMLCanvasElement} canvas */
function fitted(canvas, width, height, light) {
  const small = html("canvas", { width, height });
  const context = small.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = light ? "#ffffff" : "#000000";
  context.fillRect(0, 0, width, height);
  const ink = width === height ? inkOf(canvas, light) : null;
  if (!ink) {
    context.drawImage(canvas, 0, 0, width, height);
    return small;
  }
  const scale = (INNER * width) / Math.max(ink.width, ink.height);
  context.drawImage(canvas, ink.left, ink.top, ink.width, ink.height,
    width / 2 - (ink.x - ink.left) * scale, height / 2 - (ink.y - ink.top) * scale, ink.width * scale, ink.height * scale);
  return small;
}

/** Bounds and centre of mass of the drawing. @param {HTMLCanvasElement} canvas */
function inkOf(canvas, light) {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const bounds = { left: width, right: 0, top: height, bottom: 0 };
  const sums = { mass: 0, x: 0, y: 0 };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const mass = light ? 255 - data[4 * (y * width + x)] : data[4 * (y * width + x)];
      if (mass < 32) continue;
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x + 1);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y + 1);
      sums.mass += mass;
      sums.x += mass * x;
      sums.y += mass * y;
    }
  }
  if (sums.mass === 0) return null;
  return { left: bounds.left, top: bounds.top, width: bounds.right - bounds.left, height: bounds.bottom - bounds.top,
    x: sums.x / sums.mass, y: sums.y / sums.mass };
}
