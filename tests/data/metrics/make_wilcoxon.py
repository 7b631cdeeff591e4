#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes wilcoxon.txt: make_wilcoxon.py FOLDER (needs NumPy and SciPy)

Two lines a case: SciPy's statistic and p; the differences.
"""
import sys
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import wilcoxon


def cases(random):
    for n in [1, 2, 3, 5, 9, 12, 13, 14, 15, 30, 49, 50, 51, 52, 80, 300]:
        for shift in (0.0, 0.05) if n < 60 else (0.02,):
            differences = np.round(random.normal(shift, 0.1, n), 6)
            yield differences
            yield np.round(differences, 1)  # ties and zeros
            yield np.where(random.random(n) < 0.2, 0, differences)  # zeros, no ties
            yield np.where(random.random(n) < 0.3, np.nan, differences)
            yield np.where(random.random(n) < 0.3, np.nan, np.round(differences, 2))
            yield 0.25 * random.choice([-1, 1], n)  # all of one size


def main():
    random = np.random.default_rng(2)
    lines = [f"# SciPy {scipy.__version__}"]
    for differences in cases(random):
        if not np.any(np.nan_to_num(differences) != 0):
            continue  # SciPy's p of nothing but zeros depends on how many
        test = wilcoxon(differences, nan_policy="omit")
        lines.append(f"{float(test.statistic)!r} {float(test.pvalue)!r}")
        lines.append(" ".join(repr(float(v)) for v in differences))
    (Path(sys.argv[1]) / "wilcoxon.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
