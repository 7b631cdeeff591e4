#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes png.bin and png.txt: make_pngs.py FOLDER (needs Pillow)

PNG files of every depth and color, interlaced or not, with all filters, palettes and transparency.
png.txt has a line a file: name, offset and size in png.bin, width, height, the CRC-32 of the bytes of
Pillow's convert("RGB"), that of the samples as stored (two bytes each from 16 bits, high one first),
and the alpha of the first four colors of its palette, or "-".
"""
import io
import random
import struct
import sys
import zlib
from pathlib import Path

import PIL
from PIL import Image

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed(samples, depth):
    if depth == 16:
        return b"".join(struct.pack(">H", s) for s in samples)
    if depth == 8:
        return bytes(samples)
    out, per = bytearray(), 8 // depth
    for i in range(0, len(samples), per):
        byte = 0
        for k, sample in enumerate(samples[i:i + per]):
            byte |= sample << (8 - depth - k * depth)
        out.append(byte)
    return bytes(out)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(row, above, bpp, kind):
    out = bytearray([kind])
    for i, byte in enumerate(row):
        a = row[i - bpp] if i >= bpp else 0
        c = above[i - bpp] if i >= bpp else 0
        out.append((byte - [0, a, above[i], (a + above[i]) // 2, paeth(a, above[i], c)][kind]) & 255)
    return bytes(out)


def png(rng, width, height, depth, color, interlaced, extra=b"", most=None, split=0):
    channels = CHANNELS[color]
    most = (1 << depth) - 1 if most is None else most
    base = [rng.randint(0, most) for _ in range(channels)]
    pixels = [[[min(most, (base[c] + x * (c + 1) * max(1, most // 40) + y * 3 + rng.randint(0, 1)) % (most + 1))
                for c in range(channels)] for x in range(width)] for y in range(height)]
    bpp, data = max(1, channels * depth // 8), b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        above = None
        for y in range(y0, height, dy):
            samples = [s for x in range(x0, width, dx) for s in pixels[y][x]]
            if not samples:
                break
            row = packed(samples, depth)
            above = above or bytes(len(row))
            data += filtered(row, above, bpp, rng.randint(0, 4))
            above = row
    stream = zlib.compress(data, rng.choice([0, 1, 6, 9]))
    parts = [stream] if not split else [stream[i:i + split] for i in range(0, len(stream), split)]
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    raw = b"".join(struct.pack(">H", s) if depth == 16 else bytes([s]) for row in pixels for p in row for s in p)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + b"".join(chunk(b"IDAT", p) for p in parts)
            + chunk(b"IEND", b""), raw)


def main():
    rng, out = random.Random(5), Path(sys.argv[1])
    blob, lines = b"", [f"# Pillow {PIL.__version__}"]

    def add(name, data, raw, alpha="-"):
        nonlocal blob
        image = Image.open(io.BytesIO(data))
        rgb = zlib.crc32(image.convert("RGB").tobytes())
        lines.append(f"{name} {len(blob)} {len(data)} {image.width} {image.height} {rgb:08x} {zlib.crc32(raw):08x} {alpha}")
        blob += data

    for color, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            for interlaced in (False, True):
                for width, height in ((1, 1), (3, 9), (13, 10), (29, 17)):
                    name = f"color{color}-depth{depth}-{'adam7' if interlaced else 'rows'}-{width}x{height}"
                    extra, most, alpha = b"", None, "-"
                    if color == 3:
                        count = rng.randint(2, 1 << depth)
                        extra = chunk(b"PLTE", bytes(rng.randint(0, 255) for _ in range(3 * count)))
                        most, alpha = count - 1, "255,255,255,255"
                        if width == 13:
                            extra += chunk(b"tRNS", bytes([0, 77]))
                            alpha = "0,77,255,255"
                    elif width == 13 and color in (0, 2):  # one color is meant to be transparent
                        extra = chunk(b"tRNS", bytes([0, 3] * CHANNELS[color]))
                    data, raw = png(rng, width, height, depth, color, interlaced, extra, most, split=50 if width == 29 else 0)
                    add(name, data, raw, alpha)
    (out / "png.bin").write_bytes(blob)
    (out / "png.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} files, {len(blob)} bytes")


main()
