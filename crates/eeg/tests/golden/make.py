"""Makes golden.json and the EDF and BDF files beside it with SciPy 1.17.1 and pyEDFlib 0.1.42.

The tests compare our filters, resampling and powers to SciPy's, and read what pyEDFlib wrote.
"""

import datetime
import json
import os

import numpy
import pyedflib
from scipy import signal

FOLDER = os.path.dirname(os.path.abspath(__file__))
RATE = 256.0


def wave(samples):
    """Two rhythms, a drift and a step: made from integers so that the tests need no copy of it."""
    n = numpy.arange(samples, dtype=numpy.float64)
    noise = (n * 7919) % 101 - 50
    x = 20 * numpy.sin(2 * numpy.pi * 13 * n / RATE) + 8 * numpy.sin(2 * numpy.pi * 50 * n / RATE)
    return (x + 0.05 * n + 0.1 * noise + 10 * (n > samples / 2)).astype(numpy.float32)


def listed(values):
    return [float(f"{value:.7g}") for value in values]


def filters():
    x = wave(400).astype(numpy.float64)
    cases = []
    for low, high, order in [(6, 45, 4), (1, None, 3), (None, 30, 5), (0.5, 40, 2), (8, 12, 1), (5, 100, 3)]:
        if low is None:
            sections = signal.butter(order, high, "lowpass", fs=RATE, output="sos")
        elif high is None:
            sections = signal.butter(order, low, "highpass", fs=RATE, output="sos")
        else:
            sections = signal.butter(order, [low, high], "bandpass", fs=RATE, output="sos")
        y = signal.sosfiltfilt(sections, x)
        cases.append({"filter": {"low": low, "high": high, "order": order}, "expected": listed(y)})
    for notch, quality in [(50, 30), (60, 10)]:
        b, a = signal.iirnotch(notch, quality, RATE)
        y = signal.filtfilt(b, a, x)
        cases.append({"filter": {"notch": [notch], "quality": quality}, "expected": listed(y)})
    return cases


def resampling():
    x = wave(300).astype(numpy.float64)
    cases = []
    for to, up, down in [(128, 1, 2), (100, 25, 64), (512, 2, 1), (160, 5, 8)]:
        y = signal.resample_poly(x, up, down, padtype="line")
        cases.append({"to": to, "expected": listed(y)})
    return cases


def powers():
    x = wave(512).astype(numpy.float64)
    cases = []
    for resolution, length in [(None, 512), (0.125, 2048)]:
        f, p = signal.periodogram(x, RATE, window="hann", nfft=length, detrend="constant")
        inside = (f >= 6) & (f <= 20)
        cases.append({"resolution": resolution, "expected": listed(numpy.log(p[inside] + 1e-10))})
    return cases


def files():
    """Two channels of different rates, three annotations; the same in 16 and in 24 bits."""
    kinds = [("plus.edf", pyedflib.FILETYPE_EDFPLUS, 15), ("plus.bdf", pyedflib.FILETYPE_BDFPLUS, 23)]
    for name, kind, bits in kinds:
        writer = pyedflib.EdfWriter(os.path.join(FOLDER, name), 3, file_type=kind)
        for number, (label, rate) in enumerate([("EEG Oz", 64), ("EEG O1", 64), ("Resp", 8)]):
            writer.setSignalHeader(number, {
                "label": label, "dimension": "uV", "sample_frequency": rate,
                "physical_min": -500.0, "physical_max": 500.0,
                "digital_min": -(2 ** bits), "digital_max": 2 ** bits - 1,
                "transducer": "", "prefilter": "",
            })
        # The time of writing would make every file another one.
        writer.setStartdatetime(datetime.datetime(1985, 1, 1))
        n = numpy.arange(64 * 3)
        writer.writeSamples([100 * numpy.sin(n / 5.0), 50 * numpy.cos(n / 7.0), numpy.arange(24.0)])
        writer.writeAnnotation(0.5, -1, "flash")
        writer.writeAnnotation(1.25, 0.5, "13 Hz, 日本")
        writer.writeAnnotation(2.0, -1, "rest")
        writer.close()


def written():
    """What we wrote (the test writes it to the target folder), as pyEDFlib reads it."""
    reader = pyedflib.EdfReader(os.path.join(FOLDER, "written.edf"))
    assert reader.getSignalLabels() == ["Oz", "O1", "O2"]
    assert list(reader.getSampleFrequencies()) == [100.0] * 3
    assert [reader.getPhysicalDimension(number) for number in range(3)] == ["uV"] * 3
    n = numpy.arange(105)
    for channel in range(3):
        x = 100 * channel + 20 * numpy.sin(2 * numpy.pi * 10 * (channel + 1) * n / 100)
        x += 2 * numpy.cos(2 * numpy.pi * 3.3 * n / 100)
        assert numpy.abs(reader.readSignal(channel)[:105] - x).max() < 2e-3
    reader.close()


with open(os.path.join(FOLDER, "golden.json"), "w") as out:
    json.dump({"filters": filters(), "resampling": resampling(), "powers": powers()}, out)
    out.write("\n")
files()
written()
