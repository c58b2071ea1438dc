"""Writes what the peers read: Multi30k as plain text, and a subword model of 8,000 pieces.

    python peers/prepare.py DATA_ROOT WORK

DATA_ROOT is the folder that holds `multi30k/` (`any2any data get multi30k --data-root DATA_ROOT`). WORK gets
`train`, `val` and `test_2016_flickr` with `.en` and `.de`, `sp.model`, and `sp.vocab.txt` for JoeyNMT.
"""

import argparse
import gzip
from pathlib import Path

import sentencepiece

PIECES = 8000
SPECIAL = 4  # unknown, padding, begin, end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_root", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)

    for split in ("train", "val", "test_2016_flickr"):
        for language in ("en", "de"):
            packed = arguments.data_root / "multi30k" / "raw" / f"{split}.{language}.gz"
            (arguments.work / f"{split}.{language}").write_bytes(gzip.decompress(packed.read_bytes()))

    sentencepiece.SentencePieceTrainer.train(
        input=[str(arguments.work / f"train.{language}") for language in ("en", "de")],
        model_prefix=str(arguments.work / "sp"),
        model_type="bpe",
        vocab_size=PIECES,
        character_coverage=1.0,
        unk_id=0,
        pad_id=1,
        bos_id=2,
        eos_id=3,
        minloglevel=1,
    )
    model = sentencepiece.SentencePieceProcessor(model_file=str(arguments.work / "sp.model"))
    pieces = [model.id_to_piece(number) for number in range(SPECIAL, model.get_piece_size())]
    (arguments.work / "sp.vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")


if __name__ == "__main__":
    main()
