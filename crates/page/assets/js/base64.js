// Bytes as text: base64, as the server's answers and exported pages carry them.

/** Base64 as bytes. @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);               // much faster, where browsers have it
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes as base64. @param {Uint8Array} array */
export function base64(array) {
  let text = "";
  // A call cannot take a million arguments, so the array goes in pieces.
  for (let at = 0; at < array.length; at += 8192) text += String.fromCharCode(...array.subarray(at, at + 8192));
  return btoa(text);
}
