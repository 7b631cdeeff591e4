#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two files of the target "bench": compare.py before.json after.json

Prints the ratio of the median times (above 1: the second one took less) per benchmark, the
geometric mean, and what only one of the two holds. A ratio within the spread of the repetitions is
marked "~".
"""
import json
import math
import sys

SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def read(path):
    """name -> (median in seconds, coefficient of variation)"""
    with open(path, encoding="utf-8") as file:
        runs = json.load(file)["benchmarks"]
    spread = {r["run_name"]: r["real_time"] for r in runs if r.get("aggregate_name") == "cv"}
    return {
        r["run_name"].removesuffix("/real_time"): (
            r["real_time"] * SECONDS[r["time_unit"]],
            spread.get(r["run_name"], 0.0),
        )
        for r in runs
        if r.get("aggregate_name") == "median"
    }


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    before, after = read(arguments[1]), read(arguments[2])
    both = [name for name in before if name in after]
    if not both:
        print("the two files have no benchmark in common", file=sys.stderr)
        return 1
    wide = max(len(name) for name in both)
    print(f"{'benchmark':{wide}}  {'before ms':>10}  {'after ms':>10}  {'ratio':>6}")
    logarithms = []
    for name in both:
        (first, first_cv), (second, second_cv) = before[name], after[name]
        ratio = first / second
        logarithms.append(math.log(ratio))
        within = abs(ratio - 1) <= 2 * math.hypot(first_cv, second_cv)
        times = f"{1e3 * first:10.4g}  {1e3 * second:10.4g}"
        print(f"{name:{wide}}  {times}  {ratio:6.3f}{' ~' if within else ''}")
    mean = math.exp(sum(logarithms) / len(logarithms))
    print(f"{'geometric mean':{wide}}  {'':10}  {'':10}  {mean:6.3f}")
    for path, here, there in ((arguments[1], before, after), (arguments[2], after, before)):
        for name in here:
            if name not in there:
                print(f"only in {path}: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
