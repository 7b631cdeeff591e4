# SPDX-License-Identifier: MIT
"""The engines of one model: started, compared, then timed in turns."""
import os
import statistics
import sys
import time
from pathlib import Path

import numpy

from process import Failed, Process, machine_seconds, settle

# The largest difference to the reference's logits, in their deviations, with which an engine is
# still timed: rounding in fp32, and in bf16 that of every product.
LIMITS = {"fp32": 1e-3, "fp16": 0.1, "bf16": 0.5}


class Contestant:
    """An engine with one model and its input."""

    def __init__(self, engine, precision, start):
        self.engine, self.precision = engine, precision
        self.start = start  # () -> Process, ready for requests
        self.process = None
        self.turns, self.fastest, self.others = [], [], []

    def __str__(self):
        return f"{self.engine} ({self.precision})"

    def open(self, load, given, threads):
        """Starts it and gives it a model and its input; what it says to that."""
        self.process = self.start()
        self.version = self.process.answer()
        self.process.ask("threads", threads)
        self.computes_in = self.process.ask(*load)
        self.process.ask(*given)

    def close(self):
        if self.process:
            self.process.close()
        self.process = None

    def logits(self, path):
        """Of its last inference; never those that another engine left in the file."""
        Path(path).unlink(missing_ok=True)
        self.process.ask("write", path)
        return numpy.fromfile(path, numpy.float32)

    def turn(self, runs):
        """One inference that is not counted, since the caches hold another engine's data, then
        `runs` that are."""
        self.process.ask("run", 1)
        begin, used, machine = time.monotonic(), self.process.seconds(), machine_seconds()
        took = [float(word) for word in self.process.ask("run", runs).split()]
        whole = (time.monotonic() - begin) * (os.cpu_count() or 1)
        own = self.process.seconds() - used
        self.turns.append(statistics.median(took))
        self.fastest.append(min(took))
        self.others.append(max(0.0, machine_seconds() - machine - own) / whole)


def relative_error(logits, reference):
    """The largest difference, in deviations of the reference's logits."""
    if logits.size != reference.size:
        raise Failed(f"it wrote {logits.size} logits instead of {reference.size}")
    return float(numpy.abs(logits - reference).max() / reference.std())


def agreeing(contestants, check):
    """Those that are right; the others are closed with a line that says why, and without the first
    one, PyTorch's, there are none. `check(one, reference)` returns what `one` computed, and raises
    Failed where that is not `reference`, the first one's (None for itself)."""
    reference, right = None, []
    for one in contestants:
        try:
            computed = check(one, reference)
            if reference is None:
                reference = computed
            right.append(one)
        except Failed as problem:
            left_out(one, problem)
            if not right:
                return []
    return right


def compared(contestants, folder):
    """Those whose logits are PyTorch's. Two inferences each come before: they warm up."""

    def check(one, reference):
        one.process.ask("run", 2)
        logits = one.logits(f"{folder}/logits.bin")
        one.rel_err = relative_error(logits, logits if reference is None else reference)
        limit = LIMITS.get(one.computes_in, 0.5)
        if not one.rel_err <= limit:  # nor for NaN
            raise Failed(f"its logits differ by {one.rel_err:.2g} of std, allowed {limit:g}")
        return logits

    return agreeing(contestants, check)


def left_out(one, problem):
    print(f"left out: {one}: {problem}", file=sys.stderr)
    one.close()


def take_turns(contestants, options):
    """Rounds in which each runs once while all others wait for a request. Returns those that came
    to the end."""
    left = list(contestants)
    for number in range(options.rounds):
        # Another one begins each round: none is always behind the same one.
        shift = number % max(1, len(left))
        for one in left[shift:] + left[:shift]:
            settle(options.pause, options.patience)
            try:
                one.turn(options.runs)
            except Failed as problem:
                left_out(one, problem)
                left.remove(one)
    return left


def first_mask(one, load, given, threads, path):
    """Milliseconds from the start of a process until its first logits are in a file."""
    begin = time.monotonic()
    fresh = Contestant(one.engine, one.precision, one.start)
    try:
        fresh.open(load, given, threads)
        fresh.process.ask("run", 1)
        fresh.process.ask("write", path)
        return 1e3 * (time.monotonic() - begin)
    finally:
        fresh.close()
