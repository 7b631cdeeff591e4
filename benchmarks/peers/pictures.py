#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From a file to what a model sees, by Pillow and torchvision and by this library.

Prints a Markdown table: the least milliseconds of the processor, one thread each, over many rounds.
Without FILES, pictures of waves and grain are made. Ends with 1 where a result is not Pillow's (and
torchvision's) to the last bit.
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch
from PIL import Image
from torchvision.transforms.functional import normalize, to_tensor

import pillow_image

MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def make_pictures(folder):
    """Files of two usual sizes that compress about as well as photographs."""
    files = []
    for width, height in ((640, 480), (600, 500)):
        made = pillow_image.picture(height, width)
        for ending, options in (("png", {}), ("jpg", {"quality": 90})):
            files.append(Path(folder) / f"{width}x{height}.{ending}")
            made.save(files[-1], **options)
    return files


def least_ms(rounds, run):
    least = float("inf")
    for _ in range(rounds):
        begin = time.process_time_ns()
        run()
        least = min(least, time.process_time_ns() - begin)
    return least / 1e6


def decode(file):
    return Image.open(file).convert("RGB")


def prepare(picture, side):
    resized = picture.resize((side, side), Image.Resampling.BILINEAR)
    return normalize(to_tensor(resized), MEAN, DEVIATION)


def ours(program, rounds, side, folder, files):
    """[decode ms, prepare ms] of each file."""
    command = [program, str(rounds), str(side), str(folder), *map(str, files)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [[float(word) for word in line.split()] for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vlsm", required=True, help="the program vlsm_pictures")
    parser.add_argument("--side", type=int, default=352, help="of the model's square, in pixels")
    parser.add_argument("--turns", type=int, default=5, help="of each side, one after the other")
    parser.add_argument("--rounds", type=int, default=40, help="of a turn")
    parser.add_argument("files", nargs="*", type=Path, help="PNG and JPEG pictures")
    options = parser.parse_args()
    torch.set_num_threads(1)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        files = options.files or make_pictures(folder)
        pictures = [decode(file) for file in files]
        mine, theirs = [], []  # [decode ms, prepare ms] of each file, for each turn
        for _ in range(options.turns):
            mine.append(ours(options.vlsm, options.rounds, options.side, folder, files))
            theirs.append([
                (least_ms(options.rounds, lambda file=file: decode(file)),
                 least_ms(options.rounds, lambda p=picture: prepare(p, options.side)))
                for file, picture in zip(files, pictures, strict=True)
            ])  # fmt: skip
        mine, theirs = numpy.min(mine, axis=0), numpy.min(theirs, axis=0)
        print(f"milliseconds; resized to {options.side} x {options.side} (bilinear) and normalized\n")
        print("| picture | decode: Pillow | vlsm | ratio | resize, normalize: torchvision | vlsm | ratio |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for i, (file, picture) in enumerate(zip(files, pictures, strict=True)):
            if picture.tobytes() != (Path(folder) / f"{i}.rgb").read_bytes():
                wrong.append(f"{file}: other pixels than Pillow's")
            seen = prepare(picture, options.side).numpy()
            if seen.tobytes() != (Path(folder) / f"{i}.f32").read_bytes():
                wrong.append(f"{file}: other numbers than torchvision's")
            columns = [f"{t:.2f} | {m:.2f} | {t / m:.1f}" for t, m in zip(theirs[i], mine[i], strict=True)]
            size = f"{picture.width} x {picture.height}"
            print(f"| {file.suffix[1:].upper()} {size} | {' | '.join(columns)} |")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
