"""Small models that Marian trains, in its own files, and what it writes with them.

    python crates/pretrained/tests/golden/make_marian.py

Made with pymarian 1.12.42 and sentencepiece 0.2.3; a training on another processor gives other weights. Writes the folders
`marian_npz` (self-attention, norms after sums, one vocabulary), `marian_ssru` (a recurrent decoder, norms before sub-layers,
a vocabulary for each side) and `marian_untied` (a softmax of its own) beside this file: `model.npz` as Marian saves it,
vocabularies, `model.npz.decoder.yml`, and `golden.json` with the pieces of twenty sources, and what Marian writes for each
with one and with four beams: pieces, and the logarithm of the probability of each and of the end.
"""
import json
import pathlib
import random
import shutil
import tempfile

import _pymarian
import sentencepiece

HERE = pathlib.Path(__file__).parent
ENGLISH = "the a old new small garden house tree dog cat sees loves finds and".split()
GERMAN = "der ein alter neuer kleiner Garten Haus Baum Hund Katze sieht liebt findet und".split()
LONGEST = 24

COMMON = ("--type transformer --dim-emb 16 --transformer-heads 2 --transformer-dim-ffn 24 --enc-depth 2 --dec-depth 2 "
          "--transformer-dropout 0 --label-smoothing 0 --cpu-threads 1 --sync-sgd --mini-batch 16 --seed 1 "
          "--after-batches 300 --learn-rate 0.01 --lr-warmup 20 --optimizer-params 0.9 0.98 1e-9 --workspace 200 "
          "--max-length 200 --quiet")
MODELS = {
    "marian_npz": "--tied-embeddings-all --transformer-ffn-activation swish",
    "marian_ssru": "--tied-embeddings --transformer-ffn-activation relu --transformer-decoder-autoreg rnn "
                   "--dec-cell ssru --transformer-preprocess n --transformer-postprocess da "
                   "--transformer-postprocess-top n --transformer-postprocess-emb nd",
    "marian_untied": "--tied-embeddings-src --output-omit-bias --transformer-ffn-activation relu "
                     "--transformer-decoder-dim-ffn 20",
}


def sentence(chance):
    words = [chance.randrange(len(ENGLISH)) for _ in range(chance.randint(2, 5))]
    return [" ".join(language[word] for word in words) + "." for language in (ENGLISH, GERMAN)]


def vocabulary(files, name, size):
    """Pieces without a normalisation, whose table would be the larger part of the file."""
    sentencepiece.SentencePieceTrainer.train(
        input=[str(file) for file in files], model_prefix=str(name), vocab_size=size, eos_id=0, unk_id=1, bos_id=-1,
        pad_id=-1, normalization_rule_name="identity", character_coverage=1.0, hard_vocab_limit=False, minloglevel=2)
    pathlib.Path(f"{name}.model").rename(f"{name}.spm")
    return pathlib.Path(f"{name}.spm")


def written(model, vocabularies, sources, beams):
    """The best output for each source."""
    translator = _pymarian.Translator(
        f"--models {model} --vocabs {vocabularies} --beam-size {beams} --normalize 1 --n-best --word-scores "
        f"--no-spm-decode --cpu-threads 1 --max-length 200 --max-length-factor 3 --quiet --quiet-translation")
    best = {}
    for line in translator.translate("\n".join(sources)).strip().split("\n"):
        number, pieces, scores = line.split(" ||| ")[:3]
        best.setdefault(int(number), (pieces.split(), [float(score) for score in scores.split()[1:]]))
    return [best[number] for number in range(len(sources))]


def main():
    chance = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pairs = [sentence(chance) for _ in range(600)]
        files = []
        for number, name in enumerate(["text.en", "text.de"]):
            files.append(folder / name)
            files[-1].write_text("".join(pair[number] + "\n" for pair in pairs))
        sources = [sentence(chance)[0] for _ in range(20)]
        for name, options in MODELS.items():
            place = HERE / name
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            if name == "marian_ssru":
                spm = [vocabulary(files[:1], place / "source", 40), vocabulary(files[1:], place / "target", 44)]
            else:
                spm = [vocabulary(files, place / "vocab", 56)] * 2
            for listing in place.glob("*.vocab"):
                listing.unlink()
            vocabularies = " ".join(map(str, spm))
            model = place / "model.npz"
            _pymarian.Trainer(f"{COMMON} {options} --train-sets {files[0]} {files[1]} --vocabs {vocabularies} "
                              f"--model {model}").train()
            for file in place.glob("model.npz.*"):
                if not file.name.endswith("decoder.yml"):
                    file.unlink()
            decoder = place / "model.npz.decoder.yml"
            text = decoder.read_text().replace(f"{place}/", "").replace("beam-size: 12", "beam-size: 4")
            decoder.write_text(text.replace("normalize: 0", "normalize: 1"))
            source, target = [sentencepiece.SentencePieceProcessor(model_file=str(file)) for file in spm]
            golden = []
            results = [written(model, vocabularies, sources, beams) for beams in (1, 4)]
            for text, greedy, beam in zip(sources, *results):
                entry = {"text": text, "source": source.encode(text) + [0]}
                for kind, (pieces, scores) in [("greedy", greedy), ("beam", beam)]:
                    entry[kind] = {"tokens": [target.piece_to_id(piece) for piece in pieces],
                                   "text": target.decode_pieces(pieces), "scores": scores}
                golden.append(entry)
            (place / "golden.json").write_text(json.dumps(golden, ensure_ascii=False))


main()
