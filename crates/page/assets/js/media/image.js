// An image, pixel by pixel, with a box for each of its patches.

import { bytes } from "any2any/api";
import { html } from "any2any/draw/elements";

/** @param {import("any2any/types").ImageView} image @param {"small"|"large"} size @returns {import("any2any/media/boxes").Picture} */
export function imagePicture(image, size) {
  const { width, height } = image;
  const canvas = imageCanvas(image);
  const tall = (size === "small" ? 112 : 224) * Math.min(1, height / width || 1);
  canvas.style.height = `${Math.max(48, tall)}px`;
  canvas.style.aspectRatio = `${width} / ${height}`;
  /** @param {import("any2any/types").Region} region */
  const boxOf = ({ rectangle }) => rectangle
    ? [rectangle.left / width, rectangle.top / height, rectangle.width / width, rectangle.height / height] : null;
  return { canvas, boxOf, shape: "block" };
}

/** The image on a canvas of its own size. */
export function imageCanvas({ width, height, channels, pixels }) {
  const given = bytes(pixels);
  const data = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    const grey = channels < 3;
    for (let c = 0; c < 3; c += 1) data.data[4 * i + c] = given[i * channels + (grey ? 0 : c)];
    data.data[4 * i + 3] = channels === 2 || channels === 4 ? given[i * channels + channels - 1] : 255;
  }
  const canvas = html("canvas", { width, height, class: Math.max(width, height) < 200 ? "pixelated" : "" });
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}
