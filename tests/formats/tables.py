"""Tables in columns and archives of samples, written by the reference writers (pyarrow, webdataset), beside what they hold.

    python tables.py FOLDER

needs pyarrow, webdataset and zstandard. It writes small files into FOLDER, and FOLDER/tables.json: of every file the texts
of each field, null where there is none, and of sounds and pictures their names and bytes in hexadecimal.
"""

import datetime
import decimal
import gzip
import io
import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import webdataset
import zstandard

FOLDER = sys.argv[1]
EXPECTED = {}


def path(name):
    return os.path.join(FOLDER, name)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001e221bc33"
    "0000000049454e44ae426082")
WAV = b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x08\0\0\0\0\0\1\0\2\0\3\0"


def texts():
    """A table of everything that becomes a text, and of what does not."""
    translation = [{"de": "eins", "en": "one"}, {"de": "zwei", "en": None}, None, {"de": "größer", "en": "bigger"},
                   {"de": "fünf", "en": "five"}]
    answers = [{"text": ["a", "b"], "start": [1, 20]}, {"text": [], "start": []}, {"text": ["c"], "start": [3]}, None,
               {"text": ["d", "e"], "start": [-4, 5]}]
    arrays = {
        "translation": pa.array(translation, pa.struct([("de", pa.string()), ("en", pa.large_string())])),
        "id": pa.array([1, 2**62, -3, None, 0], pa.int64()),
        "small": pa.array([0, 255, 7, 8, 9], pa.uint8()),
        "score": pa.array([1.0, 0.5, -1e-7, None, 1e300], pa.float64()),
        "half": pa.array([1.5, 2.0, 0.25, -1.0, 0.0], pa.float32()),
        "price": pa.array([decimal.Decimal("1.50"), None] + [decimal.Decimal("-0.05")] * 3, pa.decimal128(9, 2)),
        "ok": pa.array([True, False, None, True, True]),
        "domain": pa.array(["news", "talk", "news", None, "talk"]).dictionary_encode(),
        "ids": pa.array([[1, 20, -3], [], None, [7], [8, 9]], pa.list_(pa.int32())),
        "answers": pa.array(answers, pa.struct([("text", pa.list_(pa.string())), ("start", pa.list_(pa.int32()))])),
        "tags": pa.array([["x"], [], ["y", "z"], None, ["w"]], pa.list_(pa.string())),
        "weights": pa.array([[0.5]] * 5, pa.list_(pa.float32())),
        "when": pa.array([datetime.datetime(2026, 1, 1)] * 5, pa.timestamp("us")),
        "nothing": pa.nulls(5),
    }
    table = pa.table(arrays)
    inner = lambda outer, key: [row and row[key] for row in outer]
    numbers = lambda row: None if row is None else " ".join(map(str, row))
    either = lambda function, values: [None if value is None else function(value) for value in values]
    real = {1.0: "1.0", 0.5: "0.5", -1e-7: "-1e-7", 1e300: "1e300", 1.5: "1.5", 2.0: "2.0", 0.25: "0.25", -1.0: "-1.0",
            0.0: "0.0"}
    expected = {
        "translation.de": inner(translation, "de"),
        "translation.en": inner(translation, "en"),
        "id": either(str, arrays["id"].to_pylist()),
        "small": either(str, arrays["small"].to_pylist()),
        "score": either(real.get, arrays["score"].to_pylist()),
        "half": either(real.get, arrays["half"].to_pylist()),
        "price": either(str, arrays["price"].to_pylist()),
        "ok": either(lambda value: str(value).lower(), arrays["ok"].to_pylist()),
        "domain": arrays["domain"].to_pylist(),
        "ids": [numbers(row) for row in arrays["ids"].to_pylist()],
        "answers.start": [numbers(row) for row in inner(answers, "start")],
    }
    for compression in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        name = f"texts-{compression}.parquet"
        pq.write_table(table, path(name), compression=compression, row_group_size=3)
        EXPECTED[name] = expected
    pq.write_table(table, path("texts-plain.parquet"), version="1.0", use_dictionary=False, data_page_version="2.0")
    EXPECTED["texts-plain.parquet"] = expected
    for name, make, options in [
        ("texts-file.arrow", pa.ipc.new_file, {}),
        ("texts-file-zstd.arrow", pa.ipc.new_file, {"compression": "zstd"}),
        ("texts-stream.arrow", pa.ipc.new_stream, {}),
        ("texts-stream-lz4.arrow", pa.ipc.new_stream, {"compression": "lz4"}),
    ]:
        with make(path(name), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            writer.write_table(table, max_chunksize=2)
        EXPECTED[name] = expected
    views = pa.table({"text": pa.array(["short", None, "a text that is longer than twelve bytes"], pa.string_view()),
                      "word": pa.array(["b", "a", "b"]).dictionary_encode()})
    with pa.ipc.new_stream(path("views.arrow"), views.schema) as writer:
        writer.write_table(views)
    EXPECTED["views.arrow"] = {"text": views["text"].to_pylist(), "word": views["word"].to_pylist()}


def media():
    """Sounds and pictures as Hugging Face's `datasets` lays them out, and bytes alone."""
    both = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({
        "audio": pa.array([{"bytes": WAV, "path": "clips/Lied.WAV"}, {"bytes": WAV, "path": None}, None], both),
        "image": pa.array([{"bytes": PNG, "path": None}, {"bytes": None, "path": "gone.png"}, {"bytes": PNG, "path": "x.png"}],
                          both),
        "raw": pa.array([PNG, b"?", WAV], pa.large_binary()),
        "text": pa.array(["a", "b", "c"]),
    })
    file = lambda name, content: f"{name} {content.hex()}"
    pq.write_table(table, path("media.parquet"))
    with pa.ipc.new_stream(path("media.arrow"), table.schema) as writer:
        writer.write_table(table)
    for name in ["media.parquet", "media.arrow"]:
        EXPECTED[name] = {
            "audio": [file("Lied.WAV", WAV), file("2.wav", WAV), None],
            "image": [file("1.png", PNG), None, file("x.png", PNG)],
            "raw": [file("1.png", PNG), file("2.bin", b"?"), file("3.wav", WAV)],
            "text": ["a", "b", "c"],
        }


def archives():
    """Shards of `webdataset`: `fields` of the tests are audio (wav), text (txt), label (cls) and caption (json:caption.en)."""
    samples = [
        {"__key__": "a/000", "wav": WAV, "txt": "größer\n", "cls": 3, "json": {"caption": {"en": "one"}, "n": 1.5}},
        {"__key__": "a/001", "wav": WAV, "txt": "", "cls": 0, "json": {"caption": {"en": "two"}}},
        {"__key__": "b.x/002", "wav": WAV, "cls": 1, "json": {"caption": {}}},
        {"__key__": "b.x/003", "txt": "last", "seg.png": PNG},
    ]
    buffer = io.BytesIO()
    with webdataset.TarWriter(buffer, encoder=True) as writer:
        for sample in samples:
            writer.write(sample)
    shard = buffer.getvalue()
    for name, content in [("shard.tar.gz", gzip.compress(shard, mtime=0)), ("shard.tar.zst", zstandard.compress(shard))]:
        with open(path(name), "wb") as file:
            file.write(content)
        EXPECTED[name] = {
            "audio": [f"{sample['__key__'].split('/')[-1]}.wav {WAV.hex()}" if "wav" in sample else None for sample in samples],
            "text": ["größer", "", None, "last"],
            "label": ["3", "0", "1", None],
            "caption": ["one", "two", None, None],
        }


os.makedirs(FOLDER, exist_ok=True)
texts()
media()
archives()
with open(path("tables.json"), "w") as file:
    json.dump(EXPECTED, file, ensure_ascii=False, indent=1, sort_keys=True)
    file.write("\n")
