"""Writes the data of configs/tokens.yaml and configs/frames.yaml, with Python's standard library alone.

    python make.py
"""

import os
import random

folder = os.path.dirname(os.path.abspath(__file__))
random.seed(1)

with open(os.path.join(folder, "ids.tsv"), "w") as table:
    table.write("ids\treversed\n")
    for _ in range(240):
        ids = [str(random.randrange(20)) for _ in range(random.randint(2, 8))]
        table.write(f"{' '.join(ids)}\t{' '.join(reversed(ids))}\n")

with open(os.path.join(folder, "frames.tsv"), "w") as table:
    table.write("points\tturned\n")
    for _ in range(240):
        points = [(random.randint(-9, 9), random.randint(-9, 9)) for _ in range(4)]
        row = lambda pairs: "; ".join(f"{x} {y}" for x, y in pairs)
        table.write(f"{row(points)}\t{row((-y, x) for x, y in points)}\n")
