"""How long one sentence takes from nothing: the program is started, translates it and ends, again and again.

    python peers/cold_start.py --runs 20 -- any2any translate runs/quickstart

The sentence goes to the command's standard input. Prints one JSON object, in seconds. The first start is left
out: it reads the program and the model from disk, the others from the system's memory.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time


def start(command: list[str], sentence: str) -> float:
    began = time.perf_counter()
    finished = subprocess.run(command, input=f"{sentence}\n", capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if finished.returncode != 0 or not finished.stdout.strip():
        sys.exit(f"error: exit code {finished.returncode}, and it printed: {finished.stdout}{finished.stderr}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--sentence", default="the old man sees a small dog .")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")

    first = start(options.command, options.sentence)
    seconds = sorted(start(options.command, options.sentence) for _ in range(options.runs))
    print(
        json.dumps(
            {
                "command": options.command,
                "runs": options.runs,
                "first_seconds": first,
                "median_seconds": statistics.median(seconds),
                "fastest_seconds": seconds[0],
                "slowest_seconds": seconds[-1],
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
