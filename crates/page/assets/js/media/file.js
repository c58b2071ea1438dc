// A file from the disk as an input.

import { html } from "any2any/draw/elements";
import { base64 } from "any2any/base64";

/** @import { Input } from "any2any/types" */

/** A file as an input. @param {File} file @returns {Promise<Input>} */
export const inputOf = async (file) => ({ file: { name: file.name, content: base64(new Uint8Array(await file.arrayBuffer())) } });

/** A field that takes a file of one of some extensions. @param {string[]} extensions @param {(input: Input) => void} take
 * @param {object} [attributes] of the field */
export function fileField(extensions, take, attributes = {}) {
  const field = html("input", { type: "file", accept: extensions.map((each) => `.${each}`).join(","), ...attributes,
    onchange: async () => { const [file] = field.files; if (file) take(await inputOf(file)); } });
  return field;
}
