#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes jpeg.bin and jpeg.txt: make_jpegs.py FOLDER (needs Pillow, g++ and libjpeg-turbo's headers)

jpeg.txt has a line a file: name, offset and size in jpeg.bin, width, height, the CRC-32 of the bytes
of Pillow's convert("RGB"), and of convert("L") for gray files, else "-".
"""
import io
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import PIL
from PIL import Image


def main():
    here, out = Path(__file__).resolve().parent, Path(sys.argv[1])
    blob, lines = b"", [f"# Pillow {PIL.__version__}"]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "make"
        subprocess.run(["g++", "-std=c++20", here / "make_jpegs.cpp", "-o", program, "-ljpeg"], check=True)
        subprocess.run([program, folder], check=True)
        files = {path.stem: path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))}
    picture = Image.open(io.BytesIO(files["ycc-420-base"]))
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in {"pillow-exif": {"exif": exif}, "pillow-progressive": {"progressive": True}}.items():
        stream = io.BytesIO()
        picture.save(stream, "JPEG", **options)
        files[name] = stream.getvalue()
    # Bytes between segments, as cameras leave them; no decoder minds.
    plain = files["ycc-444-base"]
    end = plain.index(b"\xff\xda")
    files["fill-bytes"] = plain[:end] + b"\xff\xff\xff" + plain[end:]
    files["trailing-bytes"] = plain + b"\0\1\2\xff\xfe"
    for name, data in files.items():
        image = Image.open(io.BytesIO(data))
        rgb = zlib.crc32(image.convert("RGB").tobytes())
        gray = f"{zlib.crc32(image.convert('L').tobytes()):08x}" if image.mode == "L" else "-"
        lines.append(f"{name} {len(blob)} {len(data)} {image.width} {image.height} {rgb:08x} {gray}")
        blob += data
    (out / "jpeg.bin").write_bytes(blob)
    (out / "jpeg.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(files)} files, {len(blob)} bytes")


main()
