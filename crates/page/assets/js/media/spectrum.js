// A spectrogram computed in the page, for sounds without frames of the model.

/** Loudness in decibels, [frames, bands]; `frames` is at most 400.
 * @param {Float32Array} samples
 * @returns {{ shape: [number, number], values: Float32Array }} */
export function spectrogram(samples, rate) {
  const size = rate > 12000 ? 512 : 256;
  const hop = Math.max(size / 4, Math.ceil(samples.length / 400));
  const count = Math.max(1, Math.floor((samples.length - size) / hop) + 1);
  const bands = size / 2;
  const values = new Float32Array(count * bands);
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  for (let frame = 0; frame < count; frame += 1) {
    for (let i = 0; i < size; i += 1) {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);           // Hann
      real[i] = window * (samples[frame * hop + i] ?? 0);
      imaginary[i] = 0;
    }
    fourier(real, imaginary);
    for (let band = 0; band < bands; band += 1) {
      const power = real[band] ** 2 + imaginary[band] ** 2;
      values[frame * bands + band] = 10 * Math.log10(power + 1e-6);
    }
  }
  return { shape: [count, bands], values };
}

/** Fast Fourier transform in place, radix 2. */
function fourier(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i += 1) {                                   // reversed order of bits
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    for (let k = 0; k < length / 2; k += 1) {
      const c = Math.cos((-2 * Math.PI * k) / length);
      const s = Math.sin((-2 * Math.PI * k) / length);
      for (let start = k; start < size; start += length) {
        const other = start + length / 2;
        const x = real[other] * c - imaginary[other] * s;
        const y = real[other] * s + imaginary[other] * c;
        real[other] = real[start] - x;
        imaginary[other] = imaginary[start] - y;
        real[start] += x;
        imaginary[start] += y;
      }
    }
  }
}
