"""A model of Marian's that pymarian trains on Multi30k, English to German, in Marian's own files.

    python tests/pretrained/train_marian.py DATA_ROOT/multi30k/raw FOLDER
    any2any import FOLDER --run RUN
    any2any export RUN MODEL --format ctranslate2
    any2any translate RUN --greedy --max-length 200 --json < LINES > OURS.json
    python tests/pretrained/exported.py MODEL LINES OURS.json

With pymarian 1.12.42 and sentencepiece 0.2.3; minutes on one core. Norms after sums, one vocabulary of 4,000 pieces, one table
for sources, targets and the softmax, as OPUS-MT's models have them.
"""
import gzip
import pathlib
import sys

import _pymarian
import sentencepiece

OPTIONS = ("--type transformer --dim-emb 128 --transformer-heads 4 --transformer-dim-ffn 256 --enc-depth 3 --dec-depth 3 "
           "--transformer-dropout 0.1 --label-smoothing 0.1 --tied-embeddings-all --transformer-ffn-activation swish "
           "--cpu-threads 1 --sync-sgd --mini-batch-words 1500 --mini-batch 64 --seed 1 --after-batches 1200 --learn-rate 0.002 "
           "--lr-warmup 300 --optimizer-params 0.9 0.98 1e-9 --clip-norm 1 --workspace 2000 --max-length 100 --disp-freq 100 "
           "--overwrite")


def main():
    raw, folder = map(pathlib.Path, sys.argv[1:])
    folder.mkdir(parents=True)
    files = []
    for language in ("en", "de"):
        files.append(folder / f"train.{language}")
        files[-1].write_bytes(gzip.decompress((raw / f"train.{language}.gz").read_bytes()))
    sentencepiece.SentencePieceTrainer.train(
        input=[str(file) for file in files], model_prefix=str(folder / "vocab"), vocab_size=4000, eos_id=0, unk_id=1, bos_id=-1,
        pad_id=-1, character_coverage=1.0, minloglevel=2)
    (folder / "vocab.model").rename(folder / "vocab.spm")
    model = folder / "model.npz"
    _pymarian.Trainer(f"{OPTIONS} --train-sets {files[0]} {files[1]} --vocabs {folder / 'vocab.spm'} {folder / 'vocab.spm'} "
                      f"--model {model}").train()
    # What it resumes from, and the texts, are no part of the model.
    for file in [*files, folder / "vocab.vocab", *folder.glob("model.npz.*")]:
        if not file.name.endswith("decoder.yml"):
            file.unlink()


main()
