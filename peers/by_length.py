"""How the speed of training depends on the length of sequences, for several experiments.

    python peers/by_length.py --program target/release/any2any --picture docs/tokens_by_length.svg \
        transformer=configs/bench-tiny.yaml LSTM=configs/multi30k-en-de-lstm.yaml

Runs `any2any bench train CONFIG --length L` for every length, prints a table in Markdown, and draws it. Nothing but
Python's standard library is needed.
"""

import argparse
import json
import math
import subprocess
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 130, 20, 50
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]  # told apart by the colour-blind too


def rate(options: argparse.Namespace, config: str, length: int) -> float:
    """Target tokens a second at one length."""
    command = [options.program, "bench", "train", config, "--length", str(length), "--json"]
    command += ["--steps", str(options.steps), "--warm-up", str(options.warm_up)]
    command += [part for change in options.set for part in ("--set", change)]
    if options.data_root:
        command += ["--data-root", options.data_root]
    finished = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if finished.returncode != 0:
        sys.exit(f"error: exit code {finished.returncode} of: {' '.join(command)}")
    return json.loads(finished.stdout)["target_tokens_per_second"]


def picture(lengths: list[int], rates: dict[str, list[float]]) -> str:
    """Lines over lengths, both axes logarithmic."""
    values = [value for line in rates.values() for value in line]
    lowest = 10 ** math.floor(math.log10(min(values)))
    highest = 10 ** math.ceil(math.log10(max(values)))

    def x(length: float) -> float:
        share = math.log(length / lengths[0]) / math.log(lengths[-1] / lengths[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        share = math.log(value / lowest) / math.log(highest / lowest)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def text(at_x: float, at_y: float, words: str, anchor: str = "middle", colour: str = "#444") -> str:
        return f'<text x="{at_x:.1f}" y="{at_y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    decade = lowest
    while decade <= highest:
        parts.append(f'<path d="M{LEFT} {y(decade):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y(decade) + 4, f"{decade:,.0f}", "end"))
        decade *= 10
    parts += [text(x(length), HEIGHT - BOTTOM + 18, str(length)) for length in lengths]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "tokens of a sequence"))
    parts.append(text(LEFT, TOP - 6, "target tokens a second, in training", "start"))
    for colour, (name, line) in zip(COLOURS, rates.items()):
        points = [(x(length), y(value)) for length, value in zip(lengths, line)]
        path = "M" + "L".join(f"{at_x:.1f} {at_y:.1f}" for at_x, at_y in points)
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="3" fill="{colour}"/>' for at_x, at_y in points]
        parts.append(text(points[-1][0] + 10, points[-1][1] + 4, name, "start", colour))
    return "\n".join(parts + ["</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="+", metavar="NAME=CONFIG")
    parser.add_argument("--program", default="any2any")
    parser.add_argument("--lengths", type=int, nargs="+", default=[32, 64, 128, 256, 512, 1024])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="passed on to every bench")
    parser.add_argument("--data-root")
    parser.add_argument("--picture", help="where to draw the lines, as SVG")
    options = parser.parse_args()
    experiments = dict(experiment.split("=", 1) for experiment in options.experiments)

    rates: dict[str, list[float]] = {name: [] for name in experiments}
    print("| length | " + " | ".join(experiments) + " |")
    print("| --- |" + " --- |" * len(experiments))
    for length in options.lengths:
        for name, config in experiments.items():
            rates[name].append(rate(options, config, length))
        row = " | ".join(f"{line[-1]:,.0f}" for line in rates.values())
        print(f"| {length} | {row} |", flush=True)
    if options.picture:
        with open(options.picture, "w", encoding="utf8") as file:
            file.write(picture(options.lengths, rates))


if __name__ == "__main__":
    main()
