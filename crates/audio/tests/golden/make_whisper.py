"""Writes whisper.jsonl: frames that transformers' WhisperFeatureExtractor makes of sounds, every so manieth value of them.

Needs transformers, numpy, soundfile and soxr: `python make_whisper.py MODELS` beside this file, where MODELS/speech holds the
recordings. transformers 4.57.6, numpy 2.4.6 and soxr 1.1.0 wrote the lines that are here. The extractor's path through numpy
is asked, in double precision; that through torch, in single precision, differs by up to 2.4e-5.
"""

import json
import pathlib
import sys

import numpy
import soundfile
import soxr
from transformers import WhisperFeatureExtractor

RATE = 16000


def made(count):
    """A rising sawtooth in steps of loudness, in whole numbers, so that the tests make the very same."""
    n = numpy.arange(count, dtype=numpy.int64)
    integers = (n * n // 50 % 2001 - 1000) * (n // 800 % 5)
    return (integers / 32768).astype(numpy.float32)


def recording(path):
    samples, rate = soundfile.read(path, dtype="float32")
    return samples if rate == RATE else soxr.resample(samples, rate, RATE, quality="HQ")


def case(samples, seconds, bands, step, **said):
    extractor = WhisperFeatureExtractor(feature_size=bands, chunk_length=seconds)
    padded = numpy.zeros(seconds * RATE, dtype=numpy.float32)
    taken = min(len(samples), len(padded))
    padded[:taken] = samples[:taken]
    frames = extractor._np_extract_fbank_features(padded[None], "cpu")[0].T
    values = [round(float(value), 6) for value in frames.ravel()[::step]]
    return said | {"seconds": seconds, "bands": bands, "step": step, "values": values}


cases = []
for bands, step in [(80, 31), (128, 47)]:
    # The first is filled up with silence, the second cut.
    for count in (12000, 20000):
        cases.append(case(made(count), 1, bands, step, made=count))
    for name in ("beckett.wav", "two_cities.wav"):
        path = pathlib.Path(sys.argv[1]) / "speech" / name
        cases.append(case(recording(path), 30, bands, 1000 + step, recording=f"speech/{name}"))
lines = "".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases)
pathlib.Path(__file__).with_name("whisper.jsonl").write_text(lines)
