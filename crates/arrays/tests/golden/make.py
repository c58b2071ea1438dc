"""Writes the NPY files that tests read: once with NumPy 1.26.4 and once with 2.2.6.

    python make.py
"""

import os

import numpy
from numpy.lib import format as npy

folder = os.path.dirname(os.path.abspath(__file__))
major = numpy.__version__.split(".")[0]


def write(name, array, version=None):
    with open(os.path.join(folder, f"{name}-numpy{major}.npy"), "wb") as file:
        npy.write_array(file, array, version=version, allow_pickle=True)


frames = numpy.array([[0.5, -1.0, 2.0], [3.5, 4.0, -5.5]])
for description in ["<f2", "<f4", ">f4", "<f8", ">f8"]:
    order = {"<": "little", ">": "big"}[description[0]]
    write(f"f{8 * int(description[2])}-{order}", frames.astype(description))
write("fortran", numpy.asfortranarray(frames.astype("<f4")))
write("one", frames[0].astype("<f4"))
write("items", numpy.stack([frames, frames + 10]).astype("<f4"))
write("version2", frames.astype("<f4"), (2, 0))
write("version3", frames.astype("<f4"), (3, 0))
for description in ["<i2", ">i4", "<i8", ">u2", "|u1"]:
    write(f"ids-{description[1:]}", numpy.array([5, 0, 7, 120]).astype(description))
write("ids-negative", numpy.array([5, -1]))
write("ids-items", numpy.array([[1, 2], [5, 6]]))
write("objects", numpy.array([[1], [2, 3]], dtype=object))
write("strings", numpy.array(["a", "bc"]))
write("records", numpy.array([(1.0, 2)], dtype=[("x", "<f4"), ("y", "<i4")]))
