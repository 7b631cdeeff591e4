#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the training step of whole models in this library and in PyTorch, with the same weights and
the same batch: encoders frozen and run each time, AdamW over the decoder, Dice and cross-entropy.
Writes peers-training.json and the table peers-training.md. docs/benchmarks.md says how.

    train.py --vlsm build/bench/bin/vlsm_peer --folder build/bench
"""
import argparse
import json
import os
import statistics
import sys
from pathlib import Path

import numpy

from cases import CASES
from drive import contestants, export
from process import Failed
from rounds import Contestant, agreeing, left_out, take_turns

MODELS = ["clipseg", "biomedclipseg"]
ENGINES = ["eager", "eager:bf16", "vlsm", "vlsm:bf16"]
# The largest relative difference to PyTorch's losses with which an engine is still timed.
LIMITS = {"fp32": 1e-4, "bf16": 1e-2}
# And the largest difference of what the steps took off the loss, or one that stays would pass.
MOVED_LIMITS = {"fp32": 1e-2, "bf16": 0.3}


class Trainer(Contestant):
    """An engine that trains one model on one batch."""

    def steps(self, count):
        """Loss and milliseconds of the processor, of each of `count` steps."""
        words = list(map(float, self.process.ask("step", count).split()))
        if len(words) != 2 * count or not numpy.isfinite(words).all():
            raise Failed(f"it answered {words} to {count} steps")
        return words[::2], words[1::2]

    def turn(self, runs):
        """One step that is not counted, since the caches hold another engine's data, then `runs`
        that are."""
        self.steps(1)
        _, took = self.steps(runs)
        self.turns.append(statistics.median(took))
        self.fastest.append(min(took))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--vlsm", required=True, help="the program vlsm_peer")
    add("--folder", type=Path, default=Path("."), help="where results go, and files in peers/")
    add("--models", nargs="+", default=MODELS, choices=[name for name in CASES
        if CASES[name].model in MODELS], metavar="MODEL", help=", ".join(MODELS))  # fmt: skip
    add("--engines", nargs="+", default=ENGINES, metavar="ENGINE",
        help="NAME or NAME:PRECISION (fp32, bf16): " + " ".join(ENGINES))  # fmt: skip
    add("--batch", type=int, default=8)
    add("--rounds", type=int, default=5, help="turns of each engine (5)")
    add("--runs", type=int, default=2, help="timed steps of a turn (2)")
    options = parser.parse_args()
    options.threads = 1  # of which processor time is the time
    options.pause = options.patience = 0.0  # so that others may be busy
    return options


def masks(batch, side):
    """float32 [batch, 1, side, side]: discs of several sizes, the last picture's mask empty."""
    y, x = numpy.mgrid[0:side, 0:side] / side
    rows = []
    for i in range(batch):
        radius = 0 if i == batch - 1 > 0 else 0.1 + 0.05 * (i % 5)
        rows.append((x - 0.3 - 0.1 * (i % 4)) ** 2 + (y - 0.6 + 0.1 * (i % 3)) ** 2 < radius**2)
    return numpy.stack(rows)[:, None].astype(numpy.float32)


def learns_alike(trainers, steps=4):
    """Those whose losses over the first steps are PyTorch's. A wrong gradient shows from the second
    loss on."""

    def check(one, reference):
        losses = numpy.array(one.steps(steps)[0])
        if reference is None:
            reference = losses
        one.rel_err = float((abs(losses - reference) / reference).max())
        gone, wanted = losses - losses[0], reference - reference[0]
        moved = float(abs(gone - wanted).max() / abs(wanted).max())
        kind = one.computes_in
        if not (one.rel_err <= LIMITS[kind] and moved <= MOVED_LIMITS[kind]):  # nor for NaN
            raise Failed(f"its losses {losses} are not {reference}")
        return losses

    return agreeing(trainers, check)


def measure(case, options, environment, log):
    """The rows of one model."""
    files = options.folder / "peers" / f"{case.name}-{options.batch}"
    export(case, options.batch, files, options, environment, log)
    masks(options.batch, case.side).tofile(files / "masks.bin")
    given = ("input", options.batch, case.side, case.ids(options.batch).shape[1], files)
    opened = []
    try:
        for found in contestants(options, environment, log):
            one = Trainer(found.engine, found.precision, found.start)
            try:
                one.open(("train", case.model, one.precision, files), given, options.threads)
                one.process.ask("masks", files)
                opened.append(one)
            except Failed as problem:
                left_out(one, problem)
                if not opened:
                    raise Failed(f"PyTorch, the reference, did not come up: {problem}") from problem
        right = take_turns(learns_alike(opened), options)
        return [row(one, right, case, options) for one in right]
    finally:
        for one in opened:
            one.close()


def row(one, all_of_them, case, options):
    """`ratio`: PyTorch's median of the same precision / this one's."""
    eager = [other for other in all_of_them
             if (other.engine, other.precision) == ("eager", one.precision)]  # fmt: skip
    median = statistics.median(one.turns)
    return {
        "model": case.name, "batch": options.batch, "precision": one.precision,
        "engine": one.engine, "version": one.version, "min_ms": round(min(one.fastest), 1),
        "median_ms": round(median, 1), "rel_err": one.rel_err, "rounds": options.rounds,
        "ratio": round(statistics.median(eager[0].turns) / median, 3) if eager else None,
        "peak_mb": round(one.process.peak_memory()),
    }  # fmt: skip


def lines(rows):
    """The table for people."""
    yield "Milliseconds of the processor a step, one thread; losses of four steps beside PyTorch's."
    yield ""
    yield ("| model | batch | precision | engine | min, ms | median, ms | PyTorch / it"
           " | loss, rel. error | peak, MB |")  # fmt: skip
    yield "|---|---:|---|---|---:|---:|---:|---:|---:|"
    for one in rows:
        ratio = f"{one['ratio']:.2f}" if one["ratio"] else ""
        yield (f"| {one['model']} | {one['batch']} | {one['precision']} | {one['engine']}"
               f" {one['version']} | {one['min_ms']:.0f} | {one['median_ms']:.0f} | {ratio}"
               f" | {one['rel_err']:.1e} | {one['peak_mb']} |")  # fmt: skip


def main():
    options = read_options()
    (options.folder / "peers").mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    rows, failed = [], False
    with open(options.folder / "peers" / "log-training.txt", "w", encoding="utf-8") as log:
        for name in options.models:
            print(name, file=sys.stderr, flush=True)
            try:
                rows += measure(CASES[name], options, environment, log)
            except Failed as problem:
                failed = True
                print(f"left out: {name}: {problem}", file=sys.stderr)
            # After each model: an interrupted run leaves what it has.
            with open(options.folder / "peers-training.json", "w", encoding="utf-8") as file:
                json.dump({"rows": rows}, file, indent=1)
            table = "\n".join(lines(rows)) + "\n"
            (options.folder / "peers-training.md").write_text(table, "utf-8")
    print(table, end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
