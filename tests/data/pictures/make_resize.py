#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes resize.txt: make_resize.py FOLDER (needs numpy and Pillow)

A line is: height and width of a picture, height and width that it is resized to, the CRC-32 of the
bytes of Pillow's resize(BILINEAR) in RGB, of its resize(NEAREST) of the red channel, and of its
resize(BICUBIC) in RGB. The picture is the one of value() here and in test_resize.cpp.
"""
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image


def value(y, x, c):
    return (x * x * 3 + y * x * 7 + c * 85 + x * y % 31 * 11 + y * y) % 256


def main():
    lines = [f"# Pillow {PIL.__version__}"]
    sizes = [(1, 1), (1, 50), (50, 1), (2, 3), (40, 50), (50, 40), (97, 31), (31, 97), (64, 64), (300, 7), (7, 300)]
    targets = [(1, 1), (1, 64), (64, 1), (40, 50), (50, 40), (64, 64), (20, 64), (64, 20), (97, 64), (64, 31), (13, 400),
               (400, 13), (49, 40), (48, 39), (90, 31)]
    for height, width in sizes:
        y, x, c = np.ogrid[:height, :width, :3]
        image = Image.fromarray(value(y, x, c).astype(np.uint8))
        mask = image.getchannel(0)
        for rows, columns in targets:
            smooth = zlib.crc32(image.resize((columns, rows), Image.BILINEAR).tobytes())
            nearest = zlib.crc32(mask.resize((columns, rows), Image.NEAREST).tobytes())
            cubic = zlib.crc32(image.resize((columns, rows), Image.BICUBIC).tobytes())
            lines.append(f"{height} {width} {rows} {columns} {smooth:08x} {nearest:08x} {cubic:08x}")
    (Path(sys.argv[1]) / "resize.txt").write_text("\n".join(lines) + "\n")


main()
