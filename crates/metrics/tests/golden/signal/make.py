"""Writes golden.jsonl: pairs of short signals, and what numpy, scipy and librosa say about them.

Needs numpy, scipy and librosa: `python make.py` beside this file. numpy 2.4.6, scipy 1.17.1 and librosa 0.11.0 wrote
the lines that are here. Short-time spectra, mel filters and warping are librosa's, the cosine transform is scipy's;
what librosa has no word for, the floor, the band of the paths and the mean that is taken away, stands below.

Samples are 16-bit integers in hexadecimal digits, lowest byte first, channel after channel, times `scale`.
"""

import json
import math
import pathlib
import warnings

import librosa
import numpy
import scipy.fft

# librosa warns of signals that are shorter than a window.
warnings.simplefilter("ignore")
numbers = numpy.random.default_rng(1)
SOUND, FLOOR, BANDS, COEFFICIENTS, RADIUS = 4000, 1e-6, 24, 13, 256


def window(rate):
    samples = max(16, math.ceil(rate / 31.25 if rate >= SOUND else rate))
    return 2 ** math.ceil(math.log2(samples))


def powers(channel, rate):
    size = window(rate)
    return numpy.abs(librosa.stft(channel, n_fft=size, hop_length=size // 4, pad_mode="constant", dtype=complex)) ** 2


def decibels(hypothesis, reference):
    peak = reference.max() or hypothesis.max() or 1 / FLOOR
    return [10 * numpy.log10(numpy.maximum(power, FLOOR * peak)) for power in (hypothesis, reference)]


def spectral_distance(hypothesis, reference, rate):
    distances = []
    for written, wanted in zip(hypothesis, reference):
        level, longest = wanted.mean(), max(len(written), len(wanted))
        pair = [numpy.pad(channel - level, (0, longest - len(channel))) for channel in (written, wanted)]
        written, wanted = decibels(*[powers(channel, rate) for channel in pair])
        distances.append(numpy.sqrt(((written - wanted) ** 2).mean(axis=0)).mean())
    return numpy.mean(distances)


def cepstra(hypothesis, reference, rate):
    filters = librosa.filters.mel(
        sr=rate, n_fft=window(rate), n_mels=BANDS, fmin=0, fmax=rate / 2, htk=True, norm=None, dtype=float
    )
    both = [], []
    for written, wanted in zip(hypothesis, reference):
        energies = [filters @ powers(channel - wanted.mean(), rate) for channel in (written, wanted)]
        for features, levels in zip(both, decibels(*energies)):
            transformed = scipy.fft.dct(levels, type=2, norm="ortho", axis=0)[:COEFFICIENTS]
            features.append(transformed / math.sqrt(BANDS * len(reference)))
    return [numpy.concatenate(features) for features in both]


def dynamic_time_warping(hypothesis, reference, rate):
    if rate >= SOUND:
        pair = cepstra(hypothesis, reference, rate)
    else:
        # A signal without samples is one of silence.
        pair = [signal if signal.size else numpy.zeros((len(signal), 1)) for signal in (hypothesis, reference)]
        pair = [signal / math.sqrt(len(reference)) for signal in pair]
    rows, columns = sorted(pair, key=lambda features: -features.shape[1])
    costs = numpy.linalg.norm(rows[:, :, None] - columns[:, None, :], axis=0)
    n, m = costs.shape
    radius = min(max(math.ceil(m / 5), 1), RADIUS)
    line = numpy.floor(numpy.arange(n) * (m - 1) / max(n - 1, 1) + 0.5)
    outside = abs(numpy.arange(m) - line[:, None]) > radius
    # Outside of the band a step costs more than any path inside it.
    forbidden = numpy.where(outside, 1e6, costs)
    sums = librosa.sequence.dtw(C=forbidden, weights_mul=numpy.array([2.0, 1.0, 1.0]), backtrack=False)
    # librosa counts the first pair of frames once.
    return (sums[-1, -1] + costs[0, 0]) / (n + m)


def sound(seconds, rate, channels):
    time = numpy.arange(int(seconds * rate)) / rate
    voice = [
        sum(numpy.sin(2 * numpy.pi * (140 + 30 * c) * k * (1 + time / 4) * time) / k for k in range(1, 12))
        for c in range(channels)
    ]
    return 6000 * numpy.array(voice) * numpy.sin(numpy.pi * time / seconds) ** 2 + numbers.normal(0, 4, (channels, len(time)))


def rhythm(seconds, rate, channels):
    time = numpy.arange(int(seconds * rate)) / rate
    waves = [200 * numpy.sin(2 * numpy.pi * (9 + c) * time) + 90 * numpy.sin(2 * numpy.pi * 3.3 * time + c) for c in range(channels)]
    return numpy.array(waves) + numbers.normal(0, 25, (channels, len(time))) + 40


def changed(reference):
    length = reference.shape[1]
    yield "noisy", reference + numbers.normal(0, reference.std() / 4, reference.shape)
    yield "late", numpy.roll(reference, length // 25, axis=1)
    yield "cut", reference[:, : length * 2 // 3]
    yield "stretched", numpy.repeat(reference, 2, axis=1)[:, : length * 5 // 4]
    yield "flat", numpy.zeros_like(reference) + reference.mean(axis=1, keepdims=True)
    yield "empty", reference[:, :0]


SIGNALS = [
    ("sound", sound(0.09, 8000, 1), 8000, 2.0**-15),
    ("stereo", sound(0.03, 11025, 2), 11025, 2.0**-15),
    ("EEG", rhythm(1.6, 128, 3), 128, 0.125),
    ("EEG of a second", rhythm(1, 250, 1), 250, 0.125),
    ("sensor", rhythm(40, 4, 1), 4, 1.0),
    ("flat", numpy.zeros((1, 40)), 128, 1.0),
]

with open(pathlib.Path(__file__).with_name("golden.jsonl"), "w") as file:
    for name, reference, rate, scale in SIGNALS:
        for change, hypothesis in changed(reference):
            integers = [numpy.clip(numpy.round(signal), -32768, 32767).astype("<i2") for signal in (hypothesis, reference)]
            pair = [signal.astype(float) * scale for signal in integers]
            case = {
                "name": f"{name}, {change}",
                "rate": rate,
                "channels": len(reference),
                "scale": scale,
                "hypothesis": integers[0].tobytes().hex(),
                "reference": integers[1].tobytes().hex(),
                "spectral_distance": float(spectral_distance(*pair, rate)),
                "dynamic_time_warping": float(dynamic_time_warping(*pair, rate)),
            }
            file.write(json.dumps(case) + "\n")
