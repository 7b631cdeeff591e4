#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes hausdorff.txt: make_hausdorff.py FOLDER (needs MONAI, SciPy and torch)

A line is: name, height, width, percentile, prediction, target, MONAI's distance. A mask is the lengths of its runs, row by
row, background first: 0,3,5 is three pixels of the object and five of background.
"""
import sys
import warnings
from pathlib import Path

import monai
import numpy as np
import scipy
import torch
from monai.metrics import compute_hausdorff_distance

warnings.simplefilter("ignore")  # MONAI's, about empty masks


def distance(prediction, target, percentile):
    channels = [torch.tensor(np.stack([1 - mask, mask])[None].astype(np.float32)) for mask in (prediction, target)]
    return compute_hausdorff_distance(*channels, include_background=False, percentile=percentile).item()


def runs(mask):
    ends = np.flatnonzero(np.diff(mask.ravel(), prepend=0, append=2))  # an object in front: a first run of 0
    return ",".join(str(n) for n in np.diff(ends, prepend=0))


def disc(height, width, y, x, radius):
    rows, columns = np.ogrid[:height, :width]
    return ((rows - y) ** 2 + (columns - x) ** 2 <= radius * radius).astype(np.int64)


def cases(random):
    empty, full = np.zeros((6, 9), int), np.ones((6, 9), int)
    one, corner, two = empty.copy(), empty.copy(), empty.copy()
    one[2, 3] = corner[5, 8] = two[0, 0] = two[5, 8] = 1
    row, column, frame = empty.copy(), empty.copy(), full.copy()
    row[3], column[:, 4] = 1, 1
    frame[1:-1, 1:-1] = 0
    all_of_them = {"empty": empty, "full": full, "one": one, "corner": corner, "two": two, "row": row, "column": column,
                   "frame": frame}
    for name, prediction in all_of_them.items():
        for other, target in all_of_them.items():
            yield f"{name}-{other}", prediction, target
    for height, width in [(1, 1), (1, 2), (1, 57), (57, 1), (2, 2), (3, 40), (40, 3)]:
        for share in (0.1, 0.5, 0.9):
            prediction, target = (random.random((2, height, width)) < share).astype(int)
            yield f"narrow-{share}", prediction, target
    for share in (0.002, 0.02, 0.2, 0.5, 0.8, 0.98):
        prediction, target = (random.random((2, 41, 52)) < share).astype(int)
        yield f"noise-{share}", prediction, target
    yield "noise-few", (random.random((60, 60)) < 0.3).astype(int), (random.random((60, 60)) < 0.003).astype(int)
    for _ in range(12):
        height, width = random.integers(40, 360, 2)
        masks = []
        for _ in range(2):
            mask = np.zeros((height, width), int)
            for _ in range(random.integers(1, 4)):
                mask |= disc(height, width, random.integers(height), random.integers(width), random.integers(2, 60))
            masks.append(mask)
        yield "discs", *masks
    thin = np.zeros((50, 300), int)
    thin[20, 5:280] = 1
    diagonal = np.zeros((50, 300), int)
    diagonal[np.arange(50), np.arange(50) * 5] = 1
    yield "thin", thin, diagonal
    large = disc(2000, 2000, 900, 1100, 800)
    yield "large", large, disc(2000, 2000, 1000, 1000, 850) & ~disc(2000, 2000, 1000, 1000, 840)
    yield "large-far", disc(2000, 2000, 0, 0, 3), disc(2000, 2000, 1999, 1999, 500)


def main():
    random = np.random.default_rng(1)
    lines = [f"# MONAI {monai.__version__}, SciPy {scipy.__version__}, torch {torch.__version__.split('+')[0]}"]
    for number, (name, prediction, target) in enumerate(cases(random)):
        for percentile in (95, 100, 50) if number % 7 == 0 else (95,):
            value = distance(prediction, target, percentile)
            lines.append(f"{name} {prediction.shape[0]} {prediction.shape[1]} {percentile} {runs(prediction)} "
                         f"{runs(target)} {value:.9g}")
    (Path(sys.argv[1]) / "hausdorff.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
