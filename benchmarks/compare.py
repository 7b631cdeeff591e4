#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two files of the target "bench": compare.py before.json after.json

Prints the ratio of the median times (above 1: the second one took less) per benchmark, which of
them are faster or slower by more than the spread of the repetitions explains, the geometric mean,
and what only one of the two holds.
"""
import math
import sys

from results import Unreadable, failures, medians, read


def verdict(ratio, first_spread, second_spread):
    """Two deviations of the ratio are no difference, and less than 1 % never is."""
    allowed = max(0.01, 2 * math.hypot(first_spread or 0.0, second_spread or 0.0))
    if abs(ratio - 1) <= allowed:
        return ""
    return "faster" if ratio > 1 else "slower"


def compare(before, after):
    """Prints the rows that both hold; returns how many are faster, slower, and how many in all."""
    both = [name for name in before if name in after]
    wide = max(len(name) for name in [*both, "geometric mean"])
    print(f"{'benchmark':{wide}}  {'before ms':>10}  {'after ms':>10}  {'ratio':>6}")
    logarithms, verdicts = [], []
    for name in both:
        (first, first_spread), (second, second_spread) = before[name], after[name]
        ratio = first / second
        logarithms.append(math.log(ratio))
        verdicts.append(verdict(ratio, first_spread, second_spread))
        times = f"{first:10.4g}  {second:10.4g}"
        print(f"{name:{wide}}  {times}  {ratio:6.3f}  {verdicts[-1]}".rstrip())
    mean = math.exp(sum(logarithms) / len(logarithms))
    print(f"{'geometric mean':{wide}}  {'':10}  {'':10}  {mean:6.3f}")
    return verdicts.count("faster"), verdicts.count("slower"), len(both)


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    paths = arguments[1:]
    try:
        runs = [read(path)[1] for path in paths]
    except Unreadable as problem:
        print(problem, file=sys.stderr)
        return 1
    before, after = ({name: (time, cv) for name, time, cv, _ in medians(each)} for each in runs)
    if not before.keys() & after.keys():
        print("the two files have no median of a benchmark in common", file=sys.stderr)
        return 1
    faster, slower, both = compare(before, after)
    print(f"{faster} faster, {slower} slower, {both - faster - slower} within the spread")
    for path, each, here, there in zip(paths, runs, (before, after), (after, before)):
        for name in here:
            if name not in there:
                print(f"only in {path}: {name}")
        for name, message in failures(each).items():
            print(f"not timed in {path}: {name}: {message}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
