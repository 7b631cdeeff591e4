#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds the peers' rows to the results of the target "bench": run.py benchmarks.json SECONDS

A peer whose packages this Python lacks is left out, with a line that names them.
"""
import importlib
import json
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from results import Unreadable, read

PEERS = {"torch_sdpa": "torch", "monai_loss": "torch and monai", "pillow_image": "pillow and numpy"}


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    path, seconds = arguments[1], float(arguments[2])
    try:
        context, runs = read(path)
    except Unreadable as problem:
        print(problem, file=sys.stderr)
        return 1
    # Both sides with as many threads.
    os.environ["OMP_NUM_THREADS"] = str(context.get("threads", ""))
    for name, packages in PEERS.items():
        try:
            peer = importlib.import_module(name)
        except ImportError as error:
            print(f"left out: {name} needs {packages} ({error})", file=sys.stderr)
            continue
        runs += peer.rows(seconds=seconds, repetitions=3)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"context": context, "benchmarks": runs}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
