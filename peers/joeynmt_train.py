"""JoeyNMT 2.3.0 as the peer of `any2any bench train`: trains a few updates and prints the rate that it logs.

    python peers/joeynmt_train.py WORK --updates 60

WORK is what peers/prepare.py wrote. The configuration is peers/joeynmt_multi30k.yaml, with this many updates.
Prints one JSON object: the median of the logged rates but for the first one.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RATE = re.compile(r"Tokens per Sec:\s+([0-9.]+)")

# Today's sentencepiece refuses to be restricted to pieces that it has anyway, which JoeyNMT asks it to.
START = """
import runpy, sentencepiece
sentencepiece.SentencePieceProcessor.SetVocabulary = lambda self, pieces: None
runpy.run_module("joeynmt", run_name="__main__", alter_sys=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--updates", type=int, default=60, help="a multiple of 10, at least 20")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    template = Path(__file__).with_name("joeynmt_multi30k.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        text = template.replace("WORK/", f"{options.work.resolve()}/").replace("MODEL", f"{folder}/model")
        config.write_text(text.replace("UPDATES", str(options.updates)), encoding="utf-8")
        finished = subprocess.run(
            [sys.executable, "-c", START, "train", str(config), "--skip-test"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": str(options.threads)},
        )
    rates = [float(rate) for rate in RATE.findall(finished.stdout)]
    if finished.returncode != 0 or len(rates) < 2:
        sys.exit(f"error: exit code {finished.returncode}, {len(rates)} rates logged:\n{finished.stdout[-3000:]}")
    print(
        json.dumps(
            {
                "peer": "JoeyNMT 2.3.0",
                "threads": options.threads,
                "updates": options.updates,
                "target_tokens_per_second": statistics.median(rates[1:]),
                "logged": rates,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
