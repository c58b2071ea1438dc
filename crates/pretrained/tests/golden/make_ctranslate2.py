"""The small Whisper of `whisper` as CTranslate2 converts it, in 32-bit and in 16-bit floats and in 8-bit whole numbers.

    python crates/pretrained/tests/golden/make_ctranslate2.py

Made with ctranslate2 4.8 and transformers 4.57 from the folder that `make.py` writes. Writes the folders `whisper_ct2`,
`whisper_ct2_f16` and `whisper_ct2_int8` beside this file.
"""
import json
import pathlib
import shutil
import tempfile

from ctranslate2.converters import TransformersConverter

HERE = pathlib.Path(__file__).parent
KINDS = {"whisper_ct2": None, "whisper_ct2_f16": "float16", "whisper_ct2_int8": "int8"}
NAMED = {1: "<|startoftranscript|>", 2: "<|endoftext|>", 3: "<|notimestamps|>"}

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder) / "model"
    shutil.copytree(HERE / "whisper", folder)
    size = json.loads((folder / "config.json").read_text())["vocab_size"]
    tokens = {NAMED.get(number, chr(ord("A") + number)): number for number in range(size)}
    (folder / "vocab.json").write_text(json.dumps(tokens))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "WhisperTokenizer", "bos_token": NAMED[2], "eos_token": NAMED[2], "unk_token": NAMED[2]}))
    for name, kind in KINDS.items():
        shutil.rmtree(HERE / name, ignore_errors=True)
        TransformersConverter(str(folder)).convert(str(HERE / name), quantization=kind)
        print(name, sum(file.stat().st_size for file in (HERE / name).iterdir()))
