// Recording from the microphone into a WAV file, which the server's audio medium reads.

import { wav } from "any2any/media/wav";

/** The longest recording in seconds, at which it stops by itself. */
const LONGEST = 15;

/** Starts to record; `stop()` of the result ends it and returns the file's bytes.
 * The browser records in a format of its own, which it is then asked to decode again: that works everywhere and
 * needs no script of its own in the audio thread. */
export async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  recorder.start();
  const timer = setTimeout(() => recorder.state === "recording" && recorder.stop(), 1000 * LONGEST);

  const finish = async () => {
    await ended;
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
    return decode(new Blob(pieces));
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

async function decode(blob) {
  const context = new AudioContext();
  try {
    const sound = await context.decodeAudioData(await blob.arrayBuffer());
    return wav(mono(sound), sound.sampleRate);
  } finally {
    context.close();
  }
}

function mono(sound) {
  const mean = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    sound.getChannelData(channel).forEach((sample, i) => { mean[i] += sample / sound.numberOfChannels; });
  }
  return mean;
}
