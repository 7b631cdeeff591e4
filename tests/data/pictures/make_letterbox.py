#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes letterbox.bin: make_letterbox.py FOLDER (needs numpy and opencv-python-headless 4.5 to 4.8;
5.0 no longer rounds coordinates to 1/32 pixel)

For each size of SIZES (test_letterbox.cpp has the same list) what OpenCV makes of value() by the steps of
CRIS's test code: the picture in a square of SIDE, bicubic, [SIDE, SIDE, 3] bytes; its red channel
as a mask, bilinear, [SIDE, SIDE] bytes; a square map of value() / 255 brought back to the size,
bicubic, [H, W] float32.
"""
import sys
from pathlib import Path

import cv2
import numpy as np

SIDE = 48
SIZES = [(120, 300), (300, 120), (48, 48), (64, 64), (1, 50), (30, 20), (2, 3), (37, 101), (97, 49), (48, 47)]
MEAN = [0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255]


def value(y, x, c):
    return (x * x * 3 + y * x * 7 + c * 85 + x * y % 31 * 11 + y * y) % 256


def array(height, width, channels):
    y, x, c = np.ogrid[:height, :width, :channels]
    return np.ascontiguousarray(value(y, x, c).astype(np.uint8))


def matrices(height, width):
    scale = min(SIDE / height, SIDE / width)
    high, wide = height * scale, width * scale
    left, top = (SIDE - wide) / 2, (SIDE - high) / 2
    own = np.array([[0, 0], [width, 0], [0, height]], np.float32)
    there = np.array([[left, top], [wide + left, top], [left, high + top]], np.float32)
    return cv2.getAffineTransform(own, there), cv2.getAffineTransform(there, own)


def main():
    square = (array(SIDE, SIDE, 1)[:, :, 0] / 255).astype(np.float32)
    data = b""
    for height, width in SIZES:
        there, back = matrices(height, width)
        picture = array(height, width, 3)
        data += cv2.warpAffine(picture, there, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderValue=MEAN).tobytes()
        red = np.ascontiguousarray(picture[:, :, 0])
        data += cv2.warpAffine(red, there, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=0.0).tobytes()
        data += cv2.warpAffine(square, back, (width, height), flags=cv2.INTER_CUBIC, borderValue=0.0).tobytes()
    (Path(sys.argv[1]) / "letterbox.bin").write_bytes(data)
    print(f"OpenCV {cv2.__version__}, {len(data)} bytes")


main()
