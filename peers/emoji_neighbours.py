"""How many emoji a nearest neighbour names: the baseline of configs/emoji-names.yaml.

Every emoji that both artists have drawn, 32 x 32 pixels on white; each of one artist's drawings gets the name of the
other artist's nearest one, in pixels and in histograms of oriented gradients (cells of 4 x 4 pixels, 9 unsigned
directions, each divided by the length of the 3 x 3 cells around it) beside the cells' mean colours.

    python peers/emoji_neighbours.py DATA_ROOT        (needs numpy, pillow)
"""

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, CELL, BINS = 32, 4, 9


def drawings(folder: Path, artist: str, rows: list[dict[str, str]]) -> np.ndarray:
    sheet = Image.open(folder / f"sheet_{artist}_{SIDE}.png").convert("RGBA")
    pictures = []
    for row in rows:
        left, top = int(row["sheet_x"]) * SIDE, int(row["sheet_y"]) * SIDE
        white = Image.new("RGBA", (SIDE, SIDE), "white")
        white.alpha_composite(sheet.crop((left, top, left + SIDE, top + SIDE)))
        pictures.append(np.asarray(white.convert("RGB"), dtype=np.float32) / 255)
    return np.stack(pictures)


def gradients(pictures: np.ndarray) -> np.ndarray:
    edged = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    across = edged[:, 1:-1, 2:] - edged[:, 1:-1, :-2]
    down = edged[:, 2:, 1:-1] - edged[:, :-2, 1:-1]
    size = np.hypot(across, down)
    steepest = size.argmax(-1, keepdims=True)
    across, down, size = (np.take_along_axis(of, steepest, -1)[..., 0] for of in (across, down, size))
    at = np.arctan2(down, across) % np.pi / np.pi * BINS
    low, share = np.floor(at).astype(int), at - np.floor(at)
    votes = [size * ((1 - share) * (low % BINS == bin) + share * ((low + 1) % BINS == bin)) for bin in range(BINS)]
    cells = SIDE // CELL

    def by_cell(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), cells, CELL, cells, CELL, -1)

    histograms = by_cell(np.stack(votes, -1)).sum((2, 4))
    energy = np.pad((histograms**2).sum(-1), ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sum(energy[:, y : y + cells, x : x + cells] for y in range(3) for x in range(3))
    histograms = histograms / np.sqrt(around + 0.05)[..., None]
    return np.concatenate([histograms, by_cell(pictures).mean((2, 4))], -1)


def named(test: np.ndarray, train: np.ndarray, names: np.ndarray) -> float:
    test, train = test.reshape(len(test), -1), train.reshape(len(train), -1)
    nearest = ((train**2).sum(1) - 2 * test @ train.T).argmin(1)
    return 100 * float((names[nearest] == names).mean())


def main() -> None:
    folder = Path(sys.argv[1]) / "emoji"
    with open(folder / "emoji.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["google"] == row["emojione"] == "1"]
    names = np.array([row["en"] for row in rows])
    google, emojione = (drawings(folder, artist, rows) for artist in ("google", "emojione"))
    for kind, features in (("pixels", lambda pictures: pictures), ("gradients", gradients)):
        a, b = features(google), features(emojione)
        print(f"{kind:<10} google {named(a, b, names):5.2f} %   emojione {named(b, a, names):5.2f} % of {len(names)}")


if __name__ == "__main__":
    main()
