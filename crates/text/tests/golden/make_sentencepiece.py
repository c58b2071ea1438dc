"""Makes the golden files of SentencePiece: small models of four kinds, and what the library makes of some texts.

    python make_sentencepiece.py

needs the Python package `sentencepiece`. Each sentencepiece_NAME.model is a model; sentencepiece_NAME.expected.json
lists texts with their tokens, and tokens with the text that they give. The models have a small map of characters of
their own, so that the files stay small.
"""

import io
import json
import os
import random
import tempfile
from pathlib import Path

import sentencepiece

from make import SENTENCES

HERE = Path(__file__).resolve().parent

# What becomes what, as numbers of characters; the longest counts.
RULES = ["FB01\t66 69", "FF21\t41", "61 308\tE4", "E9\t65", "A0\t20", "9\t20", "3000\t20 20", "AD\t"]

TEXTS = SENTENCES + [
    "",
    " ",
    "   ",
    "  The   ferry  ",
    "The\tferry\u00a0leaves\u3000now",
    "Fa\u0308hre \ufb01rst \uff21 caf\u00e9 so\u00adft",
    "▁The▁ferry ▁ ",
    "</s> a</s>b <s> <unk> <0x41>",
    "<2de> The ferry<2de>leaves <2d",
    "👩\u200d🚀 👍🏽 नमस्ते 𝔘 ☃☃",
    "morgensmorgens  abends!!",
    "a\nb\r\nc",
]

MODELS = {
    "unigram": {"model_type": "unigram", "vocab_size": 80},
    "unigram_bytes": {
        "model_type": "unigram",
        "vocab_size": 340,
        "byte_fallback": True,
        "pad_id": 3,
        "user_defined_symbols": ["<2de>", "the harbour"],
        "control_symbols": ["<control>"],
    },
    "bpe": {
        "model_type": "bpe",
        "vocab_size": 150,
        "add_dummy_prefix": False,
        "remove_extra_whitespaces": False,
        "unk_surface": "?",
        "user_defined_symbols": ["<2de>"],
    },
    "bpe_bytes": {
        "model_type": "bpe",
        "vocab_size": 390,
        "byte_fallback": True,
        "bos_id": -1,
        "treat_whitespace_as_suffix": True,
    },
    "words": {"model_type": "word", "vocab_size": 40},
    "characters": {"model_type": "char", "vocab_size": 60},
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        # What the trainer is told is kept in the model: no path of this machine.
        os.chdir(folder)
        Path("rules.tsv").write_text("".join(rule + "\n" for rule in RULES), encoding="utf-8")
        for name, options in MODELS.items():
            written = io.BytesIO()
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(SENTENCES),
                model_writer=written,
                normalization_rule_tsv="rules.tsv",
                hard_vocab_limit=False,
                character_coverage=0.98,
                minloglevel=2,
                **options,
            )
            (HERE / f"sentencepiece_{name}.model").write_bytes(written.getvalue())
            model = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
            draw = random.Random(1)
            cases = []
            for text in TEXTS:
                tokens = model.encode(text)
                cases.append({"text": text, "ids": tokens, "decoded": model.decode(tokens)})
            decoded = []
            for _ in range(20):
                tokens = [draw.randrange(model.get_piece_size()) for _ in range(draw.randrange(8))]
                decoded.append({"ids": tokens, "decoded": model.decode(tokens)})
            expected = {
                "made_with": f"sentencepiece {sentencepiece.__version__}",
                "cases": cases,
                "decoded": decoded,
            }
            lines = json.dumps(expected, ensure_ascii=False, indent=None).replace("}, {", "},\n{")
            (HERE / f"sentencepiece_{name}.expected.json").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
