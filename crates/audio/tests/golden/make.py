"""Writes golden.jsonl: short sounds, and what librosa makes of them.

Needs librosa and numpy: `python make.py` beside this file. librosa 0.11.0 wrote the lines that are here.
"""

import json
import pathlib

import librosa
import numpy

numbers = numpy.random.default_rng(1)


def sound(rate, seconds):
    """A rising tone with a little noise, in 16 bits."""
    time = numpy.arange(int(rate * seconds)) / rate
    tone = 0.5 * numpy.sin(2 * numpy.pi * (200 * time + 0.2 * rate * time**2))
    noise = numbers.normal(0, 0.01, len(time))
    return numpy.round((tone + noise) * 32768).astype(int)


def rounded(values):
    return [round(float(value), 5) for value in numpy.ravel(values)]


def mel(rate, seconds, options, deltas=False):
    integers = sound(rate, seconds)
    samples = integers / 32768.0
    window = round(options["window"] * rate)
    bands = librosa.feature.melspectrogram(
        y=samples,
        sr=rate,
        n_fft=options["fft"],
        win_length=window,
        hop_length=round(options["hop"] * rate),
        window="hann",
        center=True,
        pad_mode="constant",
        power=options["power"],
        n_mels=options["bands"],
        fmin=options["low"],
        fmax=options["high"],
        htk=options["scale"] == "htk",
        norm=None if options["norm"] == "none" else options["norm"],
    )
    frames = numpy.log(numpy.maximum(bands, options["floor"])).T
    if deltas:
        first = librosa.feature.delta(frames, width=5, axis=0, mode="nearest")
        second = librosa.feature.delta(first, width=5, axis=0, mode="nearest")
        frames = numpy.concatenate([frames, first, second], axis=1)
    return {
        "mel": {"rate": rate, "options": options, "deltas": deltas, "samples": integers.tolist(), "frames": rounded(frames)}
    }


def trim(rate, threshold, parts):
    levels = [numpy.full(count, 1.0) * level for count, level in parts]
    noise = numbers.normal(0, 0.2, sum(count for count, _ in parts))
    integers = numpy.round(numpy.concatenate(levels) * noise * 32768).astype(int)
    window, hop = 2 * round(0.0125 * rate), round(0.01 * rate)
    _, (start, end) = librosa.effects.trim(
        integers / 32768.0, top_db=threshold, frame_length=window, hop_length=hop
    )
    return {
        "trim": {"rate": rate, "threshold": threshold, "samples": integers.tolist(), "start": int(start), "end": int(end)}
    }


DEFAULT = {
    "bands": 40,
    "window": 0.025,
    "hop": 0.01,
    "fft": 256,
    "low": 20.0,
    "high": 4000.0,
    "scale": "htk",
    "norm": "none",
    "power": 2,
    "floor": 1e-6,
}

cases = [
    mel(8000, 0.1, DEFAULT),
    mel(8000, 0.1137, DEFAULT | {"bands": 24}, deltas=True),
    mel(16000, 0.06, DEFAULT | {"bands": 80, "fft": 512, "high": 8000.0, "scale": "slaney", "norm": "slaney"}),
    mel(16000, 0.05, DEFAULT | {"fft": 400, "high": 7600.0, "power": 1, "floor": 1e-3, "scale": "slaney"}),
    mel(16000, 0.07, DEFAULT | {"window": 0.02, "hop": 0.0125, "fft": 1000, "low": 0.0, "norm": "slaney", "floor": 1e-10}),
    trim(8000, 40.0, [(700, 0.0), (900, 1.0), (800, 0.001)]),
    trim(8000, 20.0, [(300, 0.02), (500, 1.0), (100, 0.05), (333, 0.5), (451, 0.04)]),
    trim(8000, 60.0, [(10, 1.0), (600, 0.0001)]),
]
lines = "".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases)
pathlib.Path(__file__).with_name("golden.jsonl").write_text(lines)
