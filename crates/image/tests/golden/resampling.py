"""Writes resampling.json: pictures of a formula, brought to sizes by Pillow's filters.

Needs Pillow and numpy: `python resampling.py` beside this file. Pillow 12.0.0 wrote what is here; 13.0 takes columns before
rows for some sizes, which moves a level by one here and there.
"""
import json
import pathlib

import numpy
from PIL import Image


def picture(width, height):
    """resampling.rs makes the same."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:3]
    return Image.fromarray(((x * x * 3 + y * 7 * (c + 1) + x * y * 5 + 40 * c) % 256).astype(numpy.uint8))


rows = []
for size, to in [((37, 23), (8, 8)), ((37, 23), (50, 30)), ((5, 40), (16, 12)), ((24, 9), (24, 3)), ((7, 7), (1, 20))]:
    for name, filter in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)):
        scaled = picture(*size).resize(to, filter)
        rows.append({"size": size, "to": to, "resampling": name, "levels": list(scaled.tobytes())})
(pathlib.Path(__file__).parent / "resampling.json").write_text(
    "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
