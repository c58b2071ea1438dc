"""Writes golden.jsonl: pairs of small pictures, and what scikit-image says about them.

Needs scikit-image and numpy: `python make.py` beside this file. scikit-image 0.26.0 wrote the lines that are
here. Pictures smaller than the window of 11 x 11 have an even window of the largest odd side that fits.
"""

import json
import pathlib
import warnings

import numpy
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

numbers = numpy.random.default_rng(1)
SHAPES = [(28, 28, 1), (11, 16, 3), (5, 7, 1), (4, 4, 3), (1, 1, 1), (1, 9, 1), (30, 12, 1), (11, 11, 1), (12, 12, 3)]


def picture(height, width, channels):
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [120 + 100 * numpy.sin(x / (2 + c) + y / 3) for c in range(channels)]
    return numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8)


def changed(reference):
    noise = numbers.normal(0, 20, reference.shape)
    yield "noisy", numpy.clip(reference + noise, 0, 255).astype(numpy.uint8)
    yield "inverted", 255 - reference
    yield "lighter", numpy.clip(reference.astype(int) + 15, 0, 255).astype(numpy.uint8)
    yield "moved", numpy.roll(reference, 1, axis=1)
    yield "random", numbers.integers(0, 256, reference.shape, dtype=numpy.uint8)


def similarity(hypothesis, reference):
    side = min(reference.shape[:2])
    options = {"gaussian_weights": True, "sigma": 1.5}
    if side < 11:
        options = {"win_size": side - (side + 1) % 2}
    return structural_similarity(
        hypothesis, reference, channel_axis=-1, data_range=255, K1=0.01, K2=0.03, use_sample_covariance=False, **options
    )


with open(pathlib.Path(__file__).with_name("golden.jsonl"), "w") as file:
    for height, width, channels in SHAPES:
        reference = picture(height, width, channels)
        for name, hypothesis in changed(reference):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                psnr = float(peak_signal_noise_ratio(reference, hypothesis, data_range=255))
            case = {
                "name": f"{name} {width} x {height} x {channels}",
                "width": width,
                "height": height,
                "channels": channels,
                "hypothesis": hypothesis.tobytes().hex(),
                "reference": reference.tobytes().hex(),
                "psnr": psnr if numpy.isfinite(psnr) else None,
                "ssim": float(similarity(hypothesis, reference)),
                "mae": float(numpy.abs(hypothesis.astype(float) - reference).mean()),
            }
            file.write(json.dumps(case) + "\n")
