"""Runs two commands in turn and compares what they print.

    python peers/compare.py --runs 3 --name "training, tiny" \
        --ours 'any2any bench train configs/bench-tiny.yaml --steps 40 --set device.threads=2 --json' \
        --peer 'python peers/torch_seq2seq.py WORK/train.en WORK/train.de WORK/sp.model --steps 40'

Each command prints one JSON object. The medians of `--field` and of the most memory that the command held (as
the system counts it, all the same for both sides) are compared. A machine is never quite idle, nor always as
fast: alternating puts what changes on both sides, and ratios are worth more than figures. Prints one JSON
object; a table goes to standard error.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile


def measure(command: str, field: str) -> dict:
    """Runs a command to its end: the field that it prints, and its peak memory in bytes."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(shlex.split(command), stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"error: exit code {process.returncode} of: {command}")
        output.seek(0)
        printed = output.read().decode()
    try:
        value = json.loads(printed)[field]
    except (ValueError, KeyError, TypeError) as error:
        sys.exit(f"error: no number '{field}' ({error!r}) in what this printed: {command}")
    to_bytes = 1 if sys.platform == "darwin" else 1024
    return {"value": float(value), "peak_resident_bytes": to_bytes * usage.ru_maxrss}


def summary(runs: list[dict]) -> dict:
    return {
        "median": statistics.median(run["value"] for run in runs),
        "values": [run["value"] for run in runs],
        "median_peak_resident_bytes": statistics.median(run["peak_resident_bytes"] for run in runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--field", default="target_tokens_per_second")
    parser.add_argument("--name", default="")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")

    ours, peer = [], []
    for run in range(options.runs):
        ours.append(measure(options.ours, options.field))
        peer.append(measure(options.peer, options.field))
        print(f"run {run + 1}: ours {ours[-1]['value']:.4g}, peer {peer[-1]['value']:.4g}", file=sys.stderr, flush=True)

    report = {
        "name": options.name,
        "field": options.field,
        "runs": options.runs,
        "ours": {"command": options.ours, **summary(ours)},
        "peer": {"command": options.peer, **summary(peer)},
    }
    report["ratio"] = report["ours"]["median"] / report["peer"]["median"]
    memory = "median_peak_resident_bytes"
    report["memory_ratio"] = report["ours"][memory] / report["peer"][memory]

    print(f"{options.name or options.field}, medians of {options.runs}:", file=sys.stderr)
    for side in ("ours", "peer"):
        megabytes = report[side][memory] / 1e6
        print(f"  {side}   {report[side]['median']:12.4g}   {megabytes:10.1f} MB", file=sys.stderr)
    print(f"  ratio  {report['ratio']:12.4g}   {report['memory_ratio']:10.3f}", file=sys.stderr)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
