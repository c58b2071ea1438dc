// Recording from the microphone into a WAV file, which the server's audio medium reads.

import { wav } from "any2any/media/wav";

/** The longest recording in seconds, at which it stops by itself. */
const LONGEST = 15;

/** Milliseconds between two beginnings of a recording that are handed on while it goes on. */
const PIECE = 200;

/** Starts to record; `stop()` of the result ends it and returns the file's bytes. Meanwhile, `onHeard` gets what has been
 * recorded so far, again and again.
 * The browser records in a format of its own, which it is then asked to decode again: that works everywhere and
 * needs no script of its own in the audio thread.
 * @param {{ rate: number, onHeard: (wav: Uint8Array<ArrayBuffer>) => void }} options   rate: of the file, in hertz */
export async function record({ rate, onHeard }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  let decoding = false;
  recorder.addEventListener("dataavailable", async (event) => {
    pieces.push(event.data);
    if (decoding || recorder.state !== "recording") return;
    decoding = true;
    // The first piece may hold no sound yet.
    const heard = await decode(new Blob(pieces), rate).catch(() => null);
    decoding = false;
    if (heard && recorder.state === "recording") onHeard(heard);
  });
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  recorder.start(PIECE);
  const timer = setTimeout(() => recorder.state === "recording" && recorder.stop(), 1000 * LONGEST);

  const finish = async () => {
    await ended;
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
    return decode(new Blob(pieces), rate);
  };
  const finished = finish();
  return {
    finished,
    stop: () => {
      if (recorder.state === "recording") recorder.stop();
      return finished;
    },
  };
}

/** The least rate that every browser decodes to, in hertz. */
const LEAST = 8000;

/** A recording as a WAV file. A context that plays nothing opens no device. @param {Blob} blob @param {number} rate */
async function decode(blob, rate) {
  const sound = await new OfflineAudioContext(1, 1, Math.max(LEAST, rate)).decodeAudioData(await blob.arrayBuffer());
  return wav(mono(sound), sound.sampleRate);
}

function mono(sound) {
  const mean = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    sound.getChannelData(channel).forEach((sample, i) => { mean[i] += sample / sound.numberOfChannels; });
  }
  return mean;
}
