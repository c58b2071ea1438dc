"""Makes the golden files: small tokenizers of three kinds, and what they make of some texts.

    python make.py

needs the Python package `tokenizers`. Each NAME.json is a tokenizer; NAME.expected.json lists texts with
their tokens, the characters that each token covers, and the text that the tokens give.
"""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent

SENTENCES = [
    "The ferry leaves the harbour at seven in the morning.",
    "The baker leaves his shop at seven in the evening.",
    "Die Fähre verlässt den Hafen um sieben Uhr morgens.",
    "Der Bäcker verlässt sein Geschäft um sieben Uhr abends.",
    "A storm is coming over the harbour, and the ferry is late.",
    "Ein Sturm zieht über den Hafen, und die Fähre ist spät.",
    "Паром уходит из гавани в семь утра.",
    "渡船早上七点离开港口。",
]

TEXTS = SENTENCES + [
    "The ferry,  the  storm!",
    " leading and trailing ",
    "Fa\u0308hre",
    "emoji 👩\u200d🚀 here",
    "नमस्ते",
    "",
]


def byte_level_bpe():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<|pad|>", "<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    return tokenizer, trainer


def bert_word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=160, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False
    )
    return tokenizer, trainer


def metaspace_unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=120,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    return tokenizer, trainer


def main():
    for make in (byte_level_bpe, bert_word_piece, metaspace_unigram):
        tokenizer, trainer = make()
        tokenizer.train_from_iterator(SENTENCES, trainer)
        tokenizer.save(str(HERE / f"{make.__name__}.json"), pretty=False)
        cases = []
        for text in TEXTS:
            encoded = tokenizer.encode(text, add_special_tokens=False)
            cases.append(
                {
                    "text": text,
                    "ids": encoded.ids,
                    "covered": [text[start:end] for start, end in encoded.offsets],
                    "decoded": tokenizer.decode(encoded.ids),
                }
            )
        expected = {"made_with": f"tokenizers {tokenizers.__version__}", "cases": cases}
        path = HERE / f"{make.__name__}.expected.json"
        path.write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
