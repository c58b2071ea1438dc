"""Marian as the peer of `any2any bench train`: trains a few updates and prints the rate of those behind the first ones.

    python peers/marian_train.py WORK --updates 30

WORK is what peers/prepare.py wrote. The shape is that of configs/bench-tiny.yaml. Marian counts target tokens with the end of
each sentence, padding not counted, as the other scripts do. Its threads each train a part of a batch, and the wheel has no
bfloat16. Prints one JSON object.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UPDATE = re.compile(r"Up\. (\d+) .* after ([0-9,]+) : Time ([0-9.]+)s")
START = "import sys, _pymarian; sys.exit(_pymarian.Trainer(sys.argv[1]).train())"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--warm-up", type=int, default=5, help="updates before the clock starts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=4096, help="target tokens of a batch")
    parser.add_argument("--asynchronous", action="store_true", help="each thread updates the model for itself")
    options = parser.parse_args()
    if options.warm_up < 1:
        parser.error("--warm-up must be at least 1: the first update sets up the optimizer")

    with tempfile.TemporaryDirectory() as folder:
        vocabulary = shutil.copy(options.work / "sp.model", Path(folder) / "pieces.spm")
        settings = {
            "type": "transformer",
            "train-sets": f"{options.work / 'train.en'} {options.work / 'train.de'}",
            "vocabs": f"{vocabulary} {vocabulary}",
            "model": f"{folder}/model.npz",
            "dim-emb": 128,
            "transformer-dim-ffn": 256,
            "transformer-heads": 4,
            "enc-depth": 4,
            "dec-depth": 4,
            "transformer-preprocess": "n",
            "transformer-postprocess": "da",
            "transformer-postprocess-top": "n",
            "transformer-dropout": 0.3,
            "transformer-dropout-attention": 0.3,
            "transformer-dropout-ffn": 0.3,
            "tied-embeddings-all": "true",
            "label-smoothing": 0.1,
            "optimizer-params": "0.9 0.98 1e-8",
            "clip-norm": 1,
            "learn-rate": 0.005,
            "lr-warmup": 2000,
            "lr-decay-inv-sqrt": 2000,
            "mini-batch-words": options.tokens,
            "maxi-batch": 1000,
            "cpu-threads": options.threads,
            "workspace": 2048,
            "sync-sgd": "false" if options.asynchronous else "true",
            "after-batches": options.warm_up + options.updates,
            "disp-freq": 1,
            "seed": 1,
            "overwrite": "true",
        }
        command = " ".join(f"--{name} {value}" for name, value in settings.items())
        finished = subprocess.run(
            [sys.executable, "-c", START, command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    updates = UPDATE.findall(finished.stdout)
    if finished.returncode != 0 or len(updates) <= options.warm_up:
        sys.exit(f"error: exit code {finished.returncode}, {len(updates)} updates logged:\n{finished.stdout[-3000:]}")
    timed = updates[options.warm_up :]
    target_tokens = int(timed[-1][1].replace(",", "")) - int(updates[options.warm_up - 1][1].replace(",", ""))
    seconds = sum(float(time) for _, _, time in timed)
    print(
        json.dumps(
            {
                "peer": re.search(r"Marian v\S+", finished.stdout)[0],
                "threads": options.threads,
                "synchronous": not options.asynchronous,
                "updates": len(timed),
                "target_tokens": target_tokens,
                "seconds": seconds,
                "target_tokens_per_second": target_tokens / seconds,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
