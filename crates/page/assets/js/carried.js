// Parts that an exported page carries in itself: recorded answers, models, and the engine that decodes with them. Each is
// packed (zlib) and written as base64 in `<script type="text/plain" id="…">`.

import { bytes } from "any2any/base64";

/** True if the page carries a part. @param {string} id */
export const carried = (id) => document.getElementById(id) !== null;

/** The bytes of a part that the page carries. @param {string} id */
export async function unpacked(id) {
  const packed = new Blob([bytes(document.getElementById(id).textContent)]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
