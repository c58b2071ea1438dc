"""Writes sampling.expected.json: how often other programs cut short texts in which way.

    python make_sampling.py

SentencePiece draws from the models beside this script (package sentencepiece; unigram: subword regularisation, BPE: BPE
dropout), and `tokenizers` from byte_level_bpe.json (BPE dropout). The versions stand in the file.
"""

import json
from collections import Counter
from pathlib import Path

import sentencepiece
import tokenizers

HERE = Path(__file__).parent
DRAWS = 20_000
TEXTS = ["The ferry", "leaves", "morgens"]


def case(file, text, options, draw):
    counts = Counter(tuple(draw()) for _ in range(DRAWS))
    ways = [{"ids": list(ids), "share": count / DRAWS} for ids, count in counts.most_common(12)]
    return {"file": file, "text": text, "augment": options, "ways": ways}


def main():
    cases = []
    sentencepiece.set_random_generator_seed(1)
    model = sentencepiece.SentencePieceProcessor(model_file=str(HERE / "sentencepiece_unigram.model"))
    for text in TEXTS:
        for alpha, n_best in [(0.1, None), (0.5, None), (0.3, 6)]:
            size = -1 if n_best is None else n_best
            options = {"unigram_sampling": {"alpha": alpha} | ({} if n_best is None else {"n_best": n_best})}
            draw = lambda: model.encode(text, enable_sampling=True, alpha=alpha, nbest_size=size)
            cases.append(case("sentencepiece_unigram.model", text, options, draw))
    model = sentencepiece.SentencePieceProcessor(model_file=str(HERE / "sentencepiece_bpe.model"))
    for text in TEXTS:
        for dropout in [0.1, 0.4]:
            draw = lambda: model.encode(text, enable_sampling=True, alpha=dropout, nbest_size=-1)
            cases.append(case("sentencepiece_bpe.model", text, {"bpe_dropout": dropout}, draw))
    model = tokenizers.Tokenizer.from_file(str(HERE / "byte_level_bpe.json"))
    for text in TEXTS:
        for dropout in [0.1, 0.4]:
            model.model.dropout = dropout
            draw = lambda: model.encode(text, add_special_tokens=False).ids
            cases.append(case("byte_level_bpe.json", text, {"bpe_dropout": dropout}, draw))
    versions = {"sentencepiece": sentencepiece.__version__, "tokenizers": tokenizers.__version__}
    lines = ",\n".join(json.dumps(case) for case in cases)
    text = f'{{"versions": {json.dumps(versions)}, "draws": {DRAWS}, "cases": [\n{lines}\n]}}\n'
    (HERE / "sampling.expected.json").write_text(text)


main()
