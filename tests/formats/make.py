"""Files of every format and variant, written by the reference readers' own writers or byte by byte, each beside what its
reference reader gives: NAME.npy, sounds [samples, channels], pictures [height, width, channels] after EXIF, recordings
[channels, samples] in microvolts.

    python make.py FOLDER

needs numpy, soundfile, Pillow, MNE, scipy, edfio, pybv and eeglabio. It writes FOLDER/cases.tsv: medium, format, variant,
file, reference reader, and how far values may lie from the reference (`refused`: the reference is not ours to meet).
"""

import io
import os
import struct
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
FOLDER = sys.argv[1]
CASES = []
RANDOM = np.random.default_rng(7)


def case(medium, form, variant, name, reader, tolerance, values):
    """A line of cases.tsv, and the reference beside the file."""
    CASES.append([medium, form, variant, name, reader, str(tolerance)])
    if values is not None:
        np.save(os.path.join(FOLDER, name + ".npy"), np.ascontiguousarray(values, dtype=np.float32))


def path(name):
    return os.path.join(FOLDER, name)


def write(name, content):
    with open(path(name), "wb") as file:
        file.write(content)
    return path(name)


# Sounds

TIME = np.arange(2000) / 8000
SOUND = 0.4 * np.stack([np.sin(2 * np.pi * 440 * TIME), np.sin(2 * np.pi * 250 * TIME + 1)], axis=1)
SOUND += 0.01 * RANDOM.standard_normal(SOUND.shape)


def sounds():
    import soundfile

    lossy = {"VORBIS": 2e-3, "OPUS": 2e-3, "MPEG_LAYER_III": 2e-3, "MPEG_LAYER_II": 2e-3, "MPEG_LAYER_I": 2e-3}
    names = {"WAV": "wav", "WAVEX": "wav", "AIFF": "aiff", "AU": "au", "CAF": "caf", "FLAC": "flac", "OGG": "ogg",
             "MP3": "mp3", "RF64": "rf64", "W64": "w64", "NIST": "sph", "SD2": None}
    for form in soundfile.available_formats():
        extension = names.get(form)
        if extension is None:
            continue
        for subtype in soundfile.available_subtypes(form):
            for endian in ["FILE", "LITTLE", "BIG"]:
                if not soundfile.check_format(form, subtype, endian):
                    continue
                rate = 48000 if subtype == "OPUS" else 8000
                name = f"{form}-{subtype}-{endian}.{extension}".lower()
                sound = SOUND
                try:
                    soundfile.write(path(name), sound, rate, format=form, subtype=subtype, endian=endian)
                except soundfile.LibsndfileError:
                    # Formats of one channel.
                    sound = SOUND[:, :1]
                    try:
                        soundfile.write(path(name), sound, rate, format=form, subtype=subtype, endian=endian)
                    except soundfile.LibsndfileError:
                        continue
                try:
                    values, _ = soundfile.read(path(name), always_2d=True)
                except soundfile.LibsndfileError:
                    # Encodings that soundfile writes and cannot seek in.
                    os.remove(path(name))
                    continue
                variant = subtype + {"FILE": "", "LITTLE": ", little-endian", "BIG": ", big-endian"}[endian]
                case("audio", form, variant, name, "soundfile", lossy.get(subtype, 1e-6), values)
    for name, variant, content in waves():
        write(name, content)
        values, _ = soundfile.read(path(name), always_2d=True)
        reader = "soundfile"
        if len(values) == 0:
            # A recording whose length was never filled in: soundfile believes it, and gives nothing.
            values, reader = ((SOUND[:, 0] * 32767).astype("i2") / 32768)[:, None], "written"
        case("audio", "WAV", variant, name, reader, 1e-6, values)


def chunk(name, content, length=None):
    length = len(content) if length is None else length
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


def riff(chunks, length=None):
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content) if length is None else length) + content


def waves():
    """WAV as recorders, browsers and pipes write it: headers that say other things than the file holds."""
    pcm = (SOUND[:, 0] * 32767).astype("<i2").tobytes()
    form = lambda tag, channels, rate, bits, block=None, bytes_a_second=None, more=b"": chunk(
        b"fmt ",
        struct.pack("<HHIIHH", tag, channels, rate,
                    rate * channels * bits // 8 if bytes_a_second is None else bytes_a_second,
                    channels * bits // 8 if block is None else block, bits) + more)
    plain = form(1, 1, 8000, 16)
    yield "size-0.wav", "RIFF and data of size 0", riff([plain, chunk(b"data", pcm, 0)], 0)
    yield "size-max.wav", "sizes of 0xffffffff, as pipes write them", riff([plain, chunk(b"data", pcm, 2**32 - 1)], 2**32 - 1)
    yield "size-int-max.wav", "sizes of 0x7fffffff", riff([plain, chunk(b"data", pcm, 2**31 - 1)], 2**31 - 1)
    yield "size-less.wav", "a RIFF size smaller than the file", riff([plain, chunk(b"data", pcm)], 36)
    yield "byte-rate-0.wav", "a byte rate of 0", riff([form(1, 1, 8000, 16, bytes_a_second=0), chunk(b"data", pcm)])
    yield "fmt-18.wav", "`fmt ` of 18 bytes", riff([form(1, 1, 8000, 16, more=b"\0\0"), chunk(b"data", pcm)])
    yield "fmt-40.wav", "`fmt ` of 40 bytes, plain PCM", riff([form(1, 1, 8000, 16, more=b"\0" * 24), chunk(b"data", pcm)])
    yield "list.wav", "a LIST before the samples", riff([plain, chunk(b"LIST", b"INFOINAM\4\0\0\0abc\0"), chunk(b"data", pcm)])
    yield "junk.wav", "JUNK and bext before the format", riff([chunk(b"JUNK", b"\0" * 28), chunk(b"bext", b"x" * 602), plain, chunk(b"data", pcm)])
    yield "odd.wav", "a last chunk of odd length", riff([plain, chunk(b"data", pcm[:4001])])
    yield "cut.wav", "samples cut off", riff([plain, chunk(b"data", pcm)])[:-1001]
    guid = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    for bits, valid in [(16, 12), (24, 20), (32, 24), (32, 20)]:
        whole = (SOUND[:, 0] * 2 ** (valid - 1)).astype("<i4") << (bits - valid)
        data = whole.astype("<i4").tobytes()
        data = b"".join(data[at:at + bits // 8] for at in range(0, len(data), 4))
        more = struct.pack("<HHI", 22, valid, 0) + struct.pack("<H", 1) + guid
        yield f"valid-{valid}-in-{bits}.wav", f"extensible, {valid} valid bits in {bits}", riff(
            [form(0xFFFE, 1, 8000, bits, more=more), chunk(b"data", data)])


# Recordings

def recordings():
    import mne

    mne.set_log_level("ERROR")
    rate, names = 256.0, ["Fz", "Cz", "Oz"]
    time = np.arange(1024) / rate
    volts = 1e-6 * np.stack([40 * np.sin(2 * np.pi * hertz * time) for hertz in (6, 10, 13)])
    volts += 1e-6 * RANDOM.standard_normal(volts.shape)
    raw = mne.io.RawArray(volts, mne.create_info(names, rate, "eeg"))
    raw.set_annotations(mne.Annotations([0.5, 2.0], [0.25, 0.25], ["left", "right"]))

    def read(form, variant, name, reader, tolerance=1e-3):
        values = 1e6 * reader(path(name), preload=True).get_data(picks="eeg")
        case("eeg", form, variant, name, "MNE", tolerance, values)

    raw.export(path("export.edf"), fmt="edf", overwrite=True)
    read("EDF", "EDF+ with annotations, by edfio", "export.edf", mne.io.read_raw_edf)
    raw.export(path("export.vhdr"), fmt="brainvision", overwrite=True)
    read("BrainVision", "by pybv, with markers", "export.vhdr", mne.io.read_raw_brainvision)
    raw.export(path("export.set"), fmt="eeglab", overwrite=True)
    read("EEGLAB", "MATLAB 5, by eeglabio", "export.set", mne.io.read_raw_eeglab)
    for form, variant in [("single", "float32"), ("double", "float64"), ("int", "int32"), ("short", "int16")]:
        raw.save(path(f"{form}_raw.fif"), fmt=form, overwrite=True)
        read("FIF", f"raw, {variant}", f"{form}_raw.fif", mne.io.read_raw_fif, 0.01 if form == "short" else 1e-3)
    for kind, variant in [("INT_16", "int16"), ("IEEE_FLOAT_32", "float32")]:
        for orientation in ["MULTIPLEXED", "VECTORIZED"]:
            stem = f"{variant}-{orientation.lower()}"
            header = ["Brain Vision Data Exchange Header File Version 1.0", "[Common Infos]", "Codepage=UTF-8",
                      f"DataFile={stem}.eeg", "DataFormat=BINARY", f"DataOrientation={orientation}",
                      "NumberOfChannels=3", f"SamplingInterval={1e6 / rate}", "[Binary Infos]",
                      f"BinaryFormat={kind}", "[Channel Infos]"]
            header += [f"Ch{number + 1}={name},,0.1,µV" for number, name in enumerate(names)]
            write(f"{stem}.vhdr", "\r\n".join(header).encode() + b"\r\n")
            data = np.round(volts * 1e7).astype("<i2" if kind == "INT_16" else "<f4")
            write(f"{stem}.eeg", (data.T if orientation == "MULTIPLEXED" else data).tobytes())
            read("BrainVision", f"{variant}, {orientation.lower()}", f"{stem}.vhdr", mne.io.read_raw_brainvision)
    # Tables and arrays are what NumPy makes of them: microvolts as they stand.
    microvolts = np.round(volts * 1e6, 3).astype(np.float32)
    header = ",".join(names)
    np.savetxt(path("plain.csv"), microvolts.T, "%.3f", ",", header=header, comments="")
    case("eeg", "CSV", "a header, commas", "plain.csv", "NumPy", 1e-4, microvolts)
    np.savetxt(path("time.csv"), np.vstack([time, microvolts]).T, "%.6f", ",", header="time," + header, comments="")
    case("eeg", "CSV", "a column of time", "time.csv", "NumPy", 1e-4, microvolts)
    text = "\n".join([";".join(names)] + [";".join(f"{v:.3f}".replace(".", ",") for v in row) for row in microvolts.T])
    write("comma.csv", text.encode() + b"\n")
    case("eeg", "CSV", "semicolons and decimal commas", "comma.csv", "NumPy", 1e-4, microvolts)
    for kind in ["<f4", ">f4", "<f8", "<f2", "<i2", "<i4", "<i8", "|u1"]:
        whole = np.round(microvolts) if "f" not in kind else microvolts
        array = (np.abs(whole) if kind == "|u1" else whole).astype(kind)
        name = f"array-{np.dtype(kind).name}-{'big' if kind[0] == '>' else 'little'}.npy"
        np.save(path(name), array)
        case("eeg", "NPY", kind, name, "NumPy", 1e-6, array.astype(np.float32))
    np.save(path("array-fortran.npy"), np.asfortranarray(microvolts))
    case("eeg", "NPY", "<f4, in columns", "array-fortran.npy", "NumPy", 1e-6, microvolts)
    np.save(path("array-transposed.npy"), microvolts.T)
    case("eeg", "NPY", "<f4, a row a sample", "array-transposed.npy", "NumPy", 1e-6, microvolts)


# Pictures

def pictures():
    from PIL import Image, ImageOps

    smooth = np.linspace(0, 255, 40)[None, :, None] * np.ones((30, 1, 3))
    smooth[..., 1] = np.linspace(255, 0, 30)[:, None]
    smooth[..., 2] = 128
    smooth[8:20, 10:30] = [200, 30, 60]
    rgb = Image.fromarray(smooth.astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray(np.linspace(0, 255, 1200).reshape(30, 40).astype(np.uint8)))
    grey, bits, palette = rgb.convert("L"), rgb.convert("1"), rgb.convert("P")

    def save(form, variant, name, picture, tolerance=0, mode=None, **options):
        buffer = io.BytesIO()
        picture.save(buffer, form, **options)
        write(name, buffer.getvalue())
        read = ImageOps.exif_transpose(Image.open(path(name)))
        mode = mode or (read.mode if read.mode in ("L", "LA", "RGB", "RGBA") else "RGB")
        array = np.asarray(read.convert(mode))
        case("image", form, variant, name, "Pillow", tolerance, array[..., None] if array.ndim == 2 else array)

    save("PNG", "colour", "rgb.png", rgb)
    save("PNG", "colour and alpha", "rgba.png", rgba)
    save("PNG", "grey", "grey.png", grey)
    save("PNG", "grey and alpha", "grey-alpha.png", rgba.convert("LA"))
    save("PNG", "1 bit", "bits.png", bits, mode="L")
    save("PNG", "palette", "palette.png", palette)
    save("JPEG", "baseline, 4:2:0", "420.jpg", rgb, 0, quality=90, subsampling=2)
    save("JPEG", "baseline, 4:2:2", "422.jpg", rgb, 0, quality=90, subsampling=1)
    save("JPEG", "baseline, 4:4:4", "444.jpg", rgb, 0, quality=90, subsampling=0)
    save("JPEG", "progressive", "progressive.jpg", rgb, 0, quality=90, progressive=True)
    save("JPEG", "grey", "grey.jpg", grey, 0, quality=90)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save("JPEG", f"EXIF orientation {orientation}", f"turned-{orientation}.jpg", rgb, 0, quality=90, subsampling=0, exif=exif)
    save("WEBP", "lossless", "lossless.webp", rgb, lossless=True)
    save("WEBP", "lossless, alpha", "alpha.webp", rgba, lossless=True, exact=True)
    save("WEBP", "lossy", "lossy.webp", rgb, 0, quality=90)
    for compression in ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]:
        save("TIFF", compression.removeprefix("tiff_"), f"{compression}.tif", rgb, compression=compression)
    save("TIFF", "grey", "grey.tif", grey)
    save("BMP", "24 bit", "rgb.bmp", rgb)
    save("BMP", "8 bit grey", "grey.bmp", grey)
    save("BMP", "palette", "palette.bmp", palette)
    save("BMP", "1 bit", "bits.bmp", bits, mode="L")
    save("GIF", "palette", "palette.gif", palette)
    save("PPM", "colour", "rgb.ppm", rgb)
    save("PPM", "grey (PGM)", "grey.pgm", grey)
    save("PPM", "1 bit (PBM)", "bits.pbm", bits, mode="L")
    for form, name in [("AVIF", "x.avif"), ("JPEG2000", "x.jp2"), ("ICO", "x.ico"), ("TGA", "x.tga"), ("PDF", "x.pdf")]:
        try:
            buffer = io.BytesIO()
            rgb.save(buffer, form)
            write(name, buffer.getvalue())
            CASES.append(["image", form, "", name, "Pillow", "refused"])
        except (OSError, KeyError):
            pass


os.makedirs(FOLDER, exist_ok=True)
sounds()
recordings()
pictures()
with open(path("cases.tsv"), "w") as table:
    table.writelines("\t".join(line) + "\n" for line in CASES)
