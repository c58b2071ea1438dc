// Samples as a WAV file: one channel of 16-bit PCM.

/** @param {Float32Array} samples from -1 to 1 @param {number} rate @returns {Uint8Array} */
export function wav(samples, rate) {
  const file = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((letter, i) => file.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVE");
  text(12, "fmt ");
  file.setUint32(16, 16, true);                                   // bytes of this chunk
  file.setUint16(20, 1, true);                                    // PCM
  file.setUint16(22, 1, true);                                    // channels
  file.setUint32(24, rate, true);
  file.setUint32(28, 2 * rate, true);                             // bytes a second
  file.setUint16(32, 2, true);                                    // bytes a sample of all channels
  file.setUint16(34, 16, true);                                   // bits a sample
  text(36, "data");
  file.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => file.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, sample))), true));
  return new Uint8Array(file.buffer);
}
