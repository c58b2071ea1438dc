"""What ranks that share a training would cost, on paper: bytes, times of the exchange of gradients, efficiency.

    any2any plan configs/bench-base.yaml --set training.accumulate=64 --steps 0 --json > plan.json
    python peers/ranks.py --plan plan.json --flops 1e12

Reads the plan of a training of one rank, and shares the batches of an update among more and more ranks (strong scaling:
what an update learns from stays the same). Nothing is measured but what the plan measured: without `--flops`, a rank
computes as fast as the plan's steps did. Nothing but Python's standard library is needed.

The time of an update: the batches of a rank, one after the other; then what is left of the exchange; then the step of the
optimizer, which every rank takes for the whole model. The parameters of layers are exchanged while the last batch of a rank
goes back through the layers below, those of stems (embeddings above all) behind it: what is left is the exchange of the stems,
and what the backward pass of one batch was too short for. An exchange sends a gradient for every learned parameter, in one of
two ways:

ring   every rank sends 2 (n - 1) messages, each of the n-th part of the model;
tree   recursive halving and doubling, which `crates/train/src/gradient_exchange.rs` does: on each level of a tree over the
       batches a rank sends to one other, 2 log2(n) times; all in all 2 (n - 1) / n of the model, as on the ring. Where n is
       no power of two, levels are counted as that file makes them.

A message takes the latency and its bytes at the speed of the link. Received values are added at the speed of the memory.
"""

import argparse
import json
import math
import sys

# Small messages of an update: numbers of tokens, errors, losses, and names of layers and of all parameters as checksums.
GATHERS = 5
BYTES_OF_ADDING = 12  # two 32-bit floats read and one written
LEAST = 0.9  # the efficiency below which ranks are hardly worth it
WAYS = ("ring", "tree")
BYTES_OF_ADAM = 28  # gradient, weight and two moments read; weight and moments written


def tree(batches: int, ranks: int) -> list[float]:
    """The greatest share of the model that a rank sends or receives on each level of the exchange."""
    if ranks == 1:
        return []
    each, buckets = batches // ranks, 1 << (ranks - 1).bit_length()
    lowest, bits = each.bit_length() - 1, max(buckets, 2).bit_length() - 1
    up: dict[int, list[tuple[int, int, int]]] = {}  # level: bucket, from, to
    for bucket in range(buckets):
        holders = [batch // each for batch in range(batches)]
        level = 0
        while len(holders) > 1:
            bit = (level + bits - lowest % bits) % bits
            above = []
            for at in range(0, len(holders), 2):
                pair = holders[at : at + 2]
                if len(pair) == 1 or pair[0] == pair[1]:
                    above.append(pair[0])
                    continue
                sender, keeper = pair if bucket >> bit & 1 else pair[::-1]
                up.setdefault(level, []).append((bucket, sender, keeper))
                above.append(keeper)
            holders, level = above, level + 1
    levels = [up[level] for level in sorted(up)]
    # Totals go back on the same ways; a rank gets each bucket once.
    there: set[tuple[int, int]] = set()
    back = []
    for level in reversed(levels):
        new = [(bucket, keeper, sender) for bucket, sender, keeper in level if (bucket, sender) not in there]
        there |= {(bucket, to) for bucket, _, to in new}
        back.append(new)
    shares = []
    for level in levels + back:
        sent, received = [0] * ranks, [0] * ranks
        for _, sender, receiver in level:
            sent[sender] += 1
            received[receiver] += 1
        shares.append(max(sent + received) / buckets)
    return shares


class Training:
    """A training of one rank, as its plan describes it."""

    def __init__(self, plan: dict, flops: float | None, memory: float):
        self.name = plan["name"]
        self.learned = plan["parameters"]["learned"]
        stems = sum(part["parameters"] for part in plan["parameters"]["parts"] if part["name"] == "stems")
        self.behind = stems / plan["parameters"]["total"]
        self.backward = plan["operations"]["backward"] / plan["operations"]["step"]
        self.batches = round(plan["epoch"]["batches"] / plan["epoch"]["steps"])
        self.optimizer = self.learned * BYTES_OF_ADAM / memory
        self.memory = memory
        if flops:
            self.batch = plan["operations"]["step"] / self.batches / flops
        elif plan["duration"]:
            self.batch = max(plan["duration"]["step"] - self.optimizer, 0.0) / self.batches
        else:
            sys.exit("error: the plan has no duration: take `--steps 0` away from it, or give --flops")

    def update(self, ranks: int, exchange: float) -> float:
        """The seconds of an update."""
        return self.batches // ranks * self.batch + exchange + self.optimizer

    def exchange(self, ranks: int, way: str, width: int, link: float, latency: float) -> float:
        """The seconds of the exchange of an update."""
        shares = tree(self.batches, ranks) if way == "tree" else [1 / ranks] * (2 * (ranks - 1))
        messages = len(shares) + GATHERS * math.ceil(math.log2(ranks))
        sent = sum(shares) * self.learned * width / link
        # Half of what is received is added; the rest are totals.
        added = sum(shares) / 2 * self.learned * BYTES_OF_ADDING / self.memory
        return messages * latency + sent + added

    def left(self, exchange: float) -> float:
        """The seconds of an exchange during which nothing is computed."""
        of_layers = (1 - self.behind) * exchange
        return max(of_layers - self.backward * self.batch, 0.0) + self.behind * exchange

    def enough(self, ranks: int, exchange: float) -> int:
        """The least number of batches an update, a multiple of the ranks, with which so many are efficient enough."""
        still = LEAST * ranks * (exchange + self.optimizer) - self.optimizer
        return max(math.ceil(still / (1 - LEAST) / self.batch / ranks), 1) * ranks

    def efficiency(self, ranks: int, exchange: float) -> float:
        """The share of the ranks' time that one rank would have needed as well."""
        return self.update(1, 0.0) / (ranks * self.update(ranks, exchange))


def number(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=argparse.FileType(), default=sys.stdin, help="a plan (standard input)")
    parser.add_argument("--flops", type=float, help="floating-point operations a second of a rank")
    parser.add_argument("--most", type=int, default=64, help="the greatest number of ranks (64)")
    parser.add_argument("--latency", type=float, default=20e-6, help="seconds before the first byte (20e-6)")
    parser.add_argument("--memory", type=float, default=20e9, help="bytes a second of a rank's memory (20e9)")
    parser.add_argument("--gigabits", type=float, nargs="+", default=[10, 100], help="speeds of links (10 100)")
    options = parser.parse_args()
    training = Training(json.load(options.plan), options.flops, options.memory)
    ranks = [n for n in range(1, options.most + 1) if training.batches % n == 0]
    print(
        f"{training.name}: {training.learned:,} learned parameters, {training.batches} batches an update, "
        f"{number(training.batch)} a batch, {number(training.optimizer)} for the optimizer; "
        f"latency {1e6 * options.latency:g} µs. Arithmetic, not measured.\n"
    )
    links = [(speed, speed * 1e9 / 8) for speed in options.gigabits]
    under = []
    for name, width in [("32-bit floats", 4), ("bfloat16", 2)]:
        head = ["ranks", "sent by each"]
        head += [f"{way}, {speed:g} Gbit/s" for speed, _ in links for way in WAYS]
        head += [f"efficiency, {speed:g} Gbit/s" for speed, _ in links]
        print(f"{name}:\n\n| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
        low = {}
        for n in ranks:
            sent = sum(tree(training.batches, n)) * training.learned * width
            times, last = [], []
            for speed, link in links:
                for way in WAYS:
                    seconds = training.exchange(n, way, width, link, options.latency)
                    efficiency = training.efficiency(n, training.left(seconds))
                    times.append(number(seconds))
                    if efficiency < LEAST:
                        low.setdefault((speed, way), n)
                last.append(f"{100 * efficiency:.1f} %")
            print("| " + " | ".join([str(n), f"{sent / 1e6:,.0f} MB"] + times + last) + " |")
        print()
        for speed, link in links:
            for way in WAYS:
                seconds = training.exchange(ranks[-1], way, width, link, options.latency)
                where = f"from {low[speed, way]} ranks on" if (speed, way) in low else f"nowhere up to {ranks[-1]}"
                enough = training.enough(ranks[-1], training.left(seconds))
                under.append(
                    f"- {name}, {speed:g} Gbit/s, {way}: {where}; {ranks[-1]} ranks reach it with {enough:,} batches an update"
                )
    print(f"Efficiency under {100 * LEAST:.0f} %:\n\n" + "\n".join(under))


if __name__ == "__main__":
    main()
