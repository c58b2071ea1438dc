"""Writes golden.jsonl: small picture files of many kinds, and the pixels that Pillow reads from them.

Needs Pillow and numpy: `python make.py` beside this file. Pillow 13.0.0 wrote the lines that are here.
"""

import io
import json
import pathlib

import numpy
from PIL import Image

numbers = numpy.random.default_rng(1)
WHITE = (255, 255, 255)
ORANGE = (255, 128, 0)


def smooth(height, width, channels):
    """Waves with some noise: not flat, and not hard for JPEG."""
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [120 + 80 * numpy.sin(x / (3 + c) + y / (4 - c)) for c in range(channels)]
    noise = numbers.normal(0, 6, (height, width, channels))
    pixels = numpy.clip(numpy.stack(planes, -1) + noise, 0, 255).astype(numpy.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def saved(image, kind, **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def opaque(image, background):
    """The picture without transparency, as Pillow lays it over a background."""
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, background + (255,)), image).convert("RGB")


def line(name, data, colour, background, expected, size=None, tolerance=1):
    pixels = numpy.asarray(expected)
    return {
        "name": name,
        "file": data.hex(),
        "colour": colour,
        "background": list(background),
        "size": size,
        "width": expected.width,
        "height": expected.height,
        "pixels": pixels.astype(numpy.uint8).tobytes().hex(),
        "tolerance": tolerance,
    }


def upright(data):
    from PIL import ImageOps

    return ImageOps.exif_transpose(Image.open(io.BytesIO(data)))


def lines():
    grey = Image.fromarray(smooth(9, 13, 1))
    colour = Image.fromarray(smooth(9, 13, 3))
    alpha = Image.fromarray(smooth(9, 13, 4), "RGBA")
    grey_alpha = Image.fromarray(smooth(9, 13, 2), "LA")
    palette = colour.quantize(8)
    see_through = palette.copy()
    bits = grey.convert("1")
    deep = Image.fromarray((smooth(9, 13, 1).astype(numpy.uint16) * 257))
    for name, image in [("grey", grey), ("colour", colour), ("alpha", alpha), ("grey alpha", grey_alpha),
                        ("palette", palette), ("one bit", bits)]:
        data = saved(image, "PNG")
        for background in (WHITE, ORANGE):
            yield line(f"{name} png as rgb", data, "rgb", background, opaque(image, background))
            yield line(f"{name} png as grey", data, "grey", background, opaque(image, background).convert("L"))
    data = saved(see_through, "PNG", transparency=2)
    transparent = Image.open(io.BytesIO(data))
    yield line("transparent palette", data, "rgb", ORANGE, opaque(transparent, ORANGE))
    yield line("16 bit", saved(deep, "PNG"), "grey", WHITE,
               Image.fromarray((numpy.asarray(deep) // 257).astype(numpy.uint8)))
    for quality in (60, 95):
        data = saved(grey, "JPEG", quality=quality)
        yield line(f"grey jpeg {quality}", data, "grey", WHITE, Image.open(io.BytesIO(data)).convert("L"), tolerance=2)
        data = saved(colour, "JPEG", quality=quality, subsampling=0)
        yield line(f"colour jpeg {quality}", data, "rgb", WHITE, Image.open(io.BytesIO(data)).convert("RGB"), tolerance=3)
    data = saved(grey, "JPEG", quality=90, progressive=True)
    yield line("progressive jpeg", data, "grey", WHITE, Image.open(io.BytesIO(data)).convert("L"), tolerance=2)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = saved(grey, "JPEG", quality=90, exif=exif)
        yield line(f"orientation {orientation}", data, "grey", WHITE, upright(data).convert("L"), tolerance=2)
    for width, height in [(13, 20), (5, 4), (26, 9), (1, 1)]:
        size = {"resize": {"width": width, "height": height}}
        for image, kind in [(grey, "grey"), (colour, "rgb")]:
            resized = image.resize((width, height), Image.Resampling.LANCZOS)
            yield line(f"{kind} to {width} x {height}", saved(image, "PNG"), kind, WHITE, resized, size, tolerance=2)
    line_of_text = grey.resize((round(13 * 32 / 9), 32), Image.Resampling.LANCZOS)
    yield line("line of height 32", saved(grey, "PNG"), "grey", WHITE, line_of_text, {"height": 32}, tolerance=2)


with open(pathlib.Path(__file__).with_name("golden.jsonl"), "w") as file:
    for case in lines():
        file.write(json.dumps(case) + "\n")
