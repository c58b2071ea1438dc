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


def formats(grey, colour, alpha, grey_alpha, palette, bits, deep):
    """Files of other formats than PNG, and kinds of JPEG."""
    cmyk = colour.convert("CMYK")
    exif = Image.Exif()
    exif[0x0112] = 6
    options = [("JPEG", image, {"quality": 90, "subsampling": subsampling, "progressive": progressive, **more})
               for image in (colour, cmyk) for subsampling in (0, 1, 2) for progressive in (False, True)
               for more in ({}, {"restart_marker_blocks": 1})]
    options += [("JPEG", colour, {"keep_rgb": True}), ("PNG", alpha, {"exif": exif})]
    options += [("GIF", image, {}) for image in (grey, palette, bits)]
    options += [("BMP", image, {}) for image in (grey, colour, palette, bits, alpha)]
    options += [("PPM", image, {}) for image in (grey, colour, bits)]
    options += [("WEBP", image, {"lossless": lossless, "exact": True}) for image in (colour, alpha) for lossless in (True, False)]
    options += [("WEBP", colour, {"lossless": True, "exif": exif})]
    options += [("TIFF", image, {"compression": compression}) for image in (grey, colour, alpha, grey_alpha, palette, bits, cmyk)
                for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")]
    options += [("TIFF", bits, {"compression": "group4"}), ("TIFF", colour, {"big_tiff": True}),
                ("TIFF", colour, {"exif": exif})]
    for kind, image, more in options:
        data = saved(image, kind, **more)
        name = f"{image.mode} {kind} {more}"
        if "exif" in more:
            name = f"{image.mode} {kind} turned"
        # Levels of JPEG are libjpeg's to the last bit; smoothing and rounding of WebP differ a little.
        lossy = kind == "WEBP" and not more["lossless"]
        yield line(name, data, "rgb", ORANGE, opaque(upright(data), ORANGE), tolerance=3 if lossy else 1)
    for endian in "<>":
        data = saved(Image.fromarray(numpy.asarray(deep).astype(endian + "u2")), "TIFF")
        yield line(f"16 bit tiff {endian}", data, "grey", WHITE,
                   Image.fromarray((numpy.asarray(deep) // 257).astype(numpy.uint8)))


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
    yield from formats(grey, colour, alpha, grey_alpha, palette, bits, deep)
    line_of_text = grey.resize((round(13 * 32 / 9), 32), Image.Resampling.LANCZOS)
    yield line("line of height 32", saved(grey, "PNG"), "grey", WHITE, line_of_text, {"height": 32}, tolerance=2)


with open(pathlib.Path(__file__).with_name("golden.jsonl"), "w") as file:
    for case in lines():
        file.write(json.dumps(case) + "\n")
