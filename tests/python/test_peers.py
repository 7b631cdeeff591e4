# SPDX-License-Identifier: MIT
"""The harness of benchmarks/peers/, with engines that are scripts: who is left out, that turns do
not overlap, and the recipe; with VLSM_PEER=FILE that program, too."""
import argparse
import io
import json
import math
import os
import struct
import sys
import tempfile
import textwrap
import unittest
from contextlib import redirect_stderr
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))
import recipe
from cases import CASES
from process import Failed, Process
from rounds import Contestant, compared, take_turns
from table import lines
from train import Trainer, learns_alike, masks

# An engine that writes LOGITS and says in JOURNAL when it ran; it dies at its run number DEATH.
ENGINE = textwrap.dedent(
    """
    import struct, sys, time
    logits, journal, death = eval(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    print("ok 1.0", flush=True)
    runs = 0
    for line in sys.stdin:
        what, *words = line.split()
        said = "fp32" if what == "load" else ""
        if what == "run":
            runs += 1
            if runs == death:
                sys.exit(3)
            begin = time.monotonic()
            time.sleep(0.01)
            with open(journal, "a") as file:
                print(begin, time.monotonic(), file=file)
            said = "10.0 " * int(words[0])
        if what == "write":
            with open(words[0], "wb") as file:
                file.write(struct.pack(f"{len(logits)}f", *logits))
        print("ok", said, flush=True)
    """
)
RIGHT = "[0.0, 1.0, 2.0, 3.0]"


class Harness(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.opened = []

    def engine(self, name, logits, death=0):
        command = [sys.executable, "-c", ENGINE, logits, str(self.folder / "journal"), str(death)]
        one = Contestant(name, "fp32", lambda: Process(command, None, None))
        self.opened.append(one)
        self.addCleanup(one.close)
        one.open(("load", "m", "fp32", "."), ("input", 1, 8, 0, "."), 1)
        return one

    def names(self, contestants):
        return [one.engine for one in contestants]

    def test_engines_with_other_logits_are_left_out(self):
        engines = [
            self.engine("reference", RIGHT),
            self.engine("close", "[0.0, 1.0, 2.0, 3.0005]"),
            self.engine("wrong", "[0.0, 1.0, 2.0, 3.1]"),
            self.engine("nan", "[0.0, 1.0, 2.0, float('nan')]"),
            self.engine("short", "[0.0, 1.0]"),
            self.engine("dead", RIGHT, death=1),
        ]
        with redirect_stderr(io.StringIO()) as said:
            right = compared(engines, self.folder)
        self.assertEqual(self.names(right), ["reference", "close"])
        self.assertEqual(right[0].rel_err, 0)
        self.assertAlmostEqual(right[1].rel_err, 0.0005 / math.sqrt(1.25), delta=1e-6)
        told = said.getvalue().splitlines()
        self.assertEqual(len(told), 4)
        for line, name in zip(told, ("wrong", "nan", "short", "dead")):
            self.assertIn(f"left out: {name} (fp32)", line)

    def test_without_the_reference_none_is_compared(self):
        engines = [self.engine("dead", RIGHT, death=1), self.engine("other", RIGHT)]
        with redirect_stderr(io.StringIO()):
            self.assertEqual(compared(engines, self.folder), [])

    def test_turns_do_not_overlap(self):
        options = argparse.Namespace(rounds=3, runs=2, pause=0.0, patience=0.0)
        engines = [self.engine("a", RIGHT), self.engine("b", RIGHT), self.engine("c", RIGHT, 3)]
        with redirect_stderr(io.StringIO()) as said:
            left = take_turns(engines, options)
        self.assertEqual(self.names(left), ["a", "b"])
        self.assertIn("left out: c (fp32): it ended with status 3", said.getvalue())
        self.assertEqual([len(one.turns) for one in left], [3, 3])
        times = map(str.split, (self.folder / "journal").read_text("ascii").splitlines())
        spans = sorted((float(begin), float(end)) for begin, end in times)
        # a and b have three turns of two requests; c ends in the first request of its second turn.
        self.assertEqual(len(spans), 3 * 2 * 2 + 2)
        for (_, end), (begin, _) in zip(spans, spans[1:]):
            self.assertLessEqual(end, begin)

    def test_a_missing_package_is_told(self):
        script = "print('error it needs a package: no such thing')"
        one = Contestant("x", "fp32", lambda: Process([sys.executable, "-c", script], None, None))
        self.addCleanup(one.close)
        with self.assertRaisesRegex(Failed, "needs a package: no such thing"):
            one.open((), (), 1)


@unittest.skipUnless("VLSM_PEER" in os.environ, "VLSM_PEER names no program")
class Program(unittest.TestCase):
    """vlsm_peer itself: what it cannot do is answered by an error, and nothing runs after it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.program = Process([os.environ["VLSM_PEER"]], None, None)
        self.addCleanup(self.program.close)
        self.program.answer()

    def refused(self, what, *words):
        with self.assertRaisesRegex(Failed, what):
            self.program.ask(*words)

    def weights(self, tensors):
        """A safetensors file of float32 numbers, by hand."""
        header, data = {}, b""
        for name, shape in tensors.items():
            count = 4 * math.prod(shape)
            header[name] = {"dtype": "F32", "shape": shape,
                            "data_offsets": [len(data), len(data) + count]}  # fmt: skip
            data += bytes(count)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        whole = struct.pack("<Q", len(text)) + text + data
        (self.folder / "weights.safetensors").write_bytes(whole)

    def give_input(self):
        numpy.zeros((1, 3, 64, 64), numpy.float32).tofile(self.folder / "pixels.bin")
        self.program.ask("input", 1, 64, 0, self.folder)

    def test_requests_that_cannot_be_done(self):
        self.refused("not understood", "dance")
        self.refused("not understood", "threads", 0)
        self.refused("no such precision", "load", "unet", "fp8", self.folder)
        self.refused("no such model", "load", "nothing", "fp32", self.folder)
        self.refused("weights.safetensors", "load", "unet", "fp32", self.folder)
        self.refused("pixels.bin", "input", 1, 64, 0, self.folder)
        self.refused("no logits", "write", self.folder / "logits.bin")
        self.refused("no such precision", "train", "unet", "fp8", self.folder)
        self.refused("no such precision", "train", "unet", "int8", self.folder)
        self.refused("no pictures", "masks", self.folder)
        self.refused("nothing to train", "step", 1)

    def test_a_model_that_was_refused_does_not_run(self):
        # The towers of BiomedCLIP without a decoder; and keys of no model.
        for tensors in ({"visual.head.proj.weight": (512, 768)}, {"x.weight": (2, 2)}):
            self.weights(tensors)
            self.refused("weights.safetensors", "load", "biomedclipseg", "fp32", self.folder)
            self.give_input()
            self.refused("nothing to run", "run", 1)

    def test_an_input_of_another_size_is_refused(self):
        self.give_input()
        self.refused("does not hold", "input", 2, 64, 0, self.folder)
        self.refused("does not hold", "input", 1, 32, 0, self.folder)


# An engine whose steps have the losses LOSSES, over and over.
LEARNER = textwrap.dedent(
    """
    import sys
    losses, done = eval(sys.argv[1]), 0
    print("ok 1.0", flush=True)
    for line in sys.stdin:
        what, *words = line.split()
        said = sys.argv[2] if what == "train" else ""
        if what == "step":
            for _ in range(int(words[0])):
                said += f"{losses[done % len(losses)]!r} 5.0 "
                done += 1
        print("ok", said, flush=True)
    """
)


class Training(unittest.TestCase):
    def trainer(self, name, losses, precision="fp32"):
        command = [sys.executable, "-c", LEARNER, losses, precision]
        one = Trainer(name, precision, lambda: Process(command, None, None))
        self.addCleanup(one.close)
        one.open(("train", "m", precision, "."), ("input", 1, 8, 0, "."), 1)
        return one

    def test_who_learns_otherwise_is_left_out(self):
        trainers = [
            self.trainer("reference", "[0.9, 0.898, 0.897, 0.8965]"),
            self.trainer("close", "[0.9, 0.89801, 0.897, 0.89651]"),
            self.trainer("rounded", "[0.901, 0.899, 0.898, 0.8975]", "bf16"),
            self.trainer("wrong", "[0.9, 0.898, 0.897, 0.8975]"),
            self.trainer("still", "[0.9, 0.9, 0.9, 0.9]", "bf16"),
            self.trainer("nan", "[0.9, 0.898, float('nan'), 0.8965]"),
        ]
        with redirect_stderr(io.StringIO()) as said:
            right = learns_alike(trainers)
        self.assertEqual([one.engine for one in right], ["reference", "close", "rounded"])
        self.assertEqual(right[0].rel_err, 0)
        self.assertAlmostEqual(right[1].rel_err, 1e-5 / 0.898, delta=1e-7)
        self.assertEqual(said.getvalue().count("left out: "), 3)

    def test_turns(self):
        one = self.trainer("a", "[0.9]")
        one.turn(3)
        self.assertEqual((one.turns, one.fastest), ([5.0], [5.0]))

    def test_masks(self):
        made = masks(8, 32)
        self.assertEqual((made.shape, made.dtype), ((8, 1, 32, 32), numpy.float32))
        sums = made.sum((1, 2, 3))
        self.assertTrue((sums[:7] > 0).all() and sums[7] == 0)
        self.assertGreater(masks(1, 32).sum(), 0)


class Recipe(unittest.TestCase):
    """Values of the recipe's definition."""

    def test_weights(self):
        film = recipe.weight("decoder.film_mul.weight", (64, 512)).ravel()
        expected = [0.0567715988, 0.0266662184, -0.0243154578, 0.0402574204]
        numpy.testing.assert_allclose(film[:4], expected, rtol=1e-8)
        token = recipe.weight("cls_token", (1, 1, 768)).ravel()
        numpy.testing.assert_allclose(token[:2], [-0.0014264062, -0.0192110986], rtol=1e-8)
        variance = recipe.weight("visual.bn1.running_var", (32,))
        numpy.testing.assert_allclose(variance[:2], [0.756806195, 1.25362933], rtol=1e-8)
        self.assertEqual(recipe.weight("logit_scale", ()).shape, ())

    def test_pieces_do_not_show(self):
        whole = recipe.filled("k", (7, 11), 0.5, 2.0)
        pieces = numpy.concatenate([u for _, u in recipe.stream("k", 77, chunk=10)])
        self.assertTrue((whole.ravel() == (0.5 + 2.0 * pieces).astype(numpy.float32)).all())

    def test_pictures(self):
        image = recipe.picture("input:example", (1, 3, 50, 40))
        expected = [1.06390953, 1.09906065, 0.604161263]
        numpy.testing.assert_allclose(image.ravel()[:3], expected, rtol=1e-8)
        self.assertAlmostEqual(float(image[0, 2, 49, 39]), -0.770073771, places=8)


class Cases(unittest.TestCase):
    def test_prompts_are_padded(self):
        for name, length in (("clipseg", 77), ("cris", 17), ("biomedclipseg", 256)):
            self.assertEqual(CASES[name].ids(8).shape, (8, length))
        self.assertEqual(CASES["biomedclipseg-trimmed"].ids(1).shape, (1, 13))
        ids = CASES["biomedclipseg-trimmed"].ids(3)
        self.assertEqual(ids.shape, (3, 42))
        self.assertTrue((ids[0] == ids[2]).all() and (ids[0, 13:] == 0).all())
        self.assertIsNone(CASES["unet"].ids(2))


class Table(unittest.TestCase):
    def test_rows_are_set_against_ours_of_the_same_type(self):
        machine = dict.fromkeys(("fp32_gflops", "bf16_gflops", "int8_gops", "triad_gbytes"), 1.0)
        row = {"model": "m", "batch": 1, "rel_err": 0.0, "rounds": 7, "peak_mb": 1, "others": 0.0,
               "version": "1", "min_ms": 1.0}  # fmt: skip
        rows = [
            row | {"engine": "openvino", "precision": "default", "computes_in": "bf16",
                   "median_ms": 30.0},
            row | {"engine": "eager", "precision": "fp32", "computes_in": "fp32", "median_ms": 9.0},
            row | {"engine": "vlsm", "precision": "bf16", "computes_in": "bf16", "median_ms": 20.0},
        ]  # fmt: skip
        written = list(lines({"machine": machine | {"cpu": "C", "cores": 2, "threads": 2}} |
                             {"rows": rows}))  # fmt: skip
        cells = [[cell.strip() for cell in line.split("|")] for line in written[-3:]]
        self.assertEqual(cells[0][4], "default (bf16)")
        self.assertEqual(cells[0][7], "1.50")
        self.assertEqual(cells[1][7], "")

    def test_disturbed_rows_are_not_compared(self):
        machine = {"cpu": "C", "cores": 2, "threads": 2, "fp32_gflops": 1.0, "bf16_gflops": 1.0,
                   "int8_gops": 1.0, "triad_gbytes": 1.0}  # fmt: skip
        row = {"model": "m", "batch": 1, "rel_err": 0.0, "peak_mb": 1, "version": "1",
               "min_ms": 1.0, "precision": "fp32", "computes_in": "fp32"}  # fmt: skip
        for theirs, ours, ratio, told in ((0.05, 0.0, "2.00", 0), (0.06, 0.0, "", 1),
                                          (0.0, 0.5, "", 1)):  # fmt: skip
            rows = [row | {"engine": "eager", "median_ms": 20.0, "others": theirs},
                    row | {"engine": "vlsm", "median_ms": 10.0, "others": ours}]  # fmt: skip
            written = list(lines({"machine": machine, "rows": rows}))
            eager = next(line for line in written if "| eager |" in line)
            self.assertEqual(eager.split("|")[7].strip(), ratio)
            self.assertEqual(sum("rows are not compared" in line for line in written), told)


if __name__ == "__main__":
    unittest.main()
