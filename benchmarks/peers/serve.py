# SPDX-License-Identifier: MIT
"""One engine in a process of its own: serve.py ENGINE

It says first "ok VERSION", or "error" and which package is missing, then answers requests as
vlsm_peer.cpp describes them: threads, load, input, run, write; train, masks, step.
"""
import importlib
import sys
import time
import warnings
from pathlib import Path

import numpy


class Server:
    def __init__(self, engine):
        self.engine = engine
        self.arrays = self.logits = self.target = None

    def threads(self, count):
        self.engine.threads(int(count))

    def load(self, model, precision, folder):
        return self.engine.load(model, precision, folder)

    def input(self, batch, side, tokens, folder):
        batch, side, tokens = int(batch), int(side), int(tokens)
        pixels = numpy.fromfile(f"{folder}/pixels.bin", numpy.float32)
        self.arrays = [pixels.reshape(batch, 3, side, side)]
        if tokens:
            ids = numpy.fromfile(f"{folder}/ids.bin", numpy.int64)
            self.arrays.append(ids.reshape(batch, tokens))

    def run(self, times):
        took = []
        for _ in range(int(times)):
            begin = time.perf_counter()
            self.logits = self.engine.infer(self.arrays)
            took.append(1e3 * (time.perf_counter() - begin))
        return " ".join(f"{ms:.6g}" for ms in took)

    def train(self, model, precision, folder):
        return self.engine.train(model, precision, folder)

    def masks(self, folder):
        masks = numpy.fromfile(f"{folder}/masks.bin", numpy.float32)
        batch, _, *side = self.arrays[0].shape
        self.target = masks.reshape(batch, 1, *side)

    def step(self, times):
        said = []
        for _ in range(int(times)):
            begin = time.process_time()
            loss = self.engine.step(self.arrays, self.target)
            said += [loss, 1e3 * (time.process_time() - begin)]
        return " ".join(f"{value:.9g}" for value in said)

    def write(self, path):
        numpy.ascontiguousarray(self.logits, numpy.float32).tofile(path)


def say(words):
    print(" ".join(str(words).split()), file=answers, flush=True)


def main(name):
    # The folder of this file is for its own modules: engines/onnxruntime.py is no onnxruntime.
    try:
        engine = importlib.import_module(f"engines.{name}").Engine()
    except ImportError as error:
        return say(f"error it needs a package: {error}")
    say(f"ok {engine.version}")
    server = Server(engine)
    for line in sys.stdin:
        request, *arguments = line.split()
        if request == "quit":
            break
        try:
            say(f"ok {getattr(server, request)(*arguments) or ''}")
        except Exception as error:  # whatever an engine throws is one line for the driver
            say(f"error {type(error).__name__}: {error}")


if __name__ == "__main__":
    # What packages print must not look like an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main(sys.argv[1])
