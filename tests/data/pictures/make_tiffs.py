# SPDX-License-Identifier: MIT
"""Writes tiff.bin (small TIFF files, one after another) and tiff.txt (a line each: name, offset, size, width, height,
CRC-32 of the pixels that Pillow makes of it). Needs Pillow 13, tifffile and imagecodecs."""
import io
import pathlib
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

rng = np.random.default_rng(0)
files = {}


def slope(h, w, channels=None, dtype=np.uint8):
    y, x = np.mgrid[0:h, 0:w]
    top = int(np.iinfo(dtype).max)
    planes = [((x * 7 + y * 13 * (k + 1) + rng.integers(0, 9, (h, w))) * (top // 255)) % (top + 1)
              for k in range(channels or 1)]
    array = np.stack(planes, -1).astype(dtype)
    return array if channels else array[..., 0]


def put(name, array, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, array, metadata=None, software=False, **options)
    files[name] = out.getvalue()


def pillow(name, image, **options):
    out = io.BytesIO()
    image.save(out, "TIFF", **options)
    files[name] = out.getvalue()


def by_hand(name, width, height, bits, photometric, end, fill=1):
    """Few bits a sample, which tifffile does not write."""
    data = rng.integers(0, 256, (width * bits + 7) // 8 * height, dtype=np.uint8).tobytes()
    colors = b""
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, photometric),
            (266, 3, 1, fill), (273, 4, 1, None), (277, 3, 1, 1), (278, 3, 1, height), (279, 4, 1, len(data))]
    if photometric == 3:
        colors = rng.integers(0, 65536, 3 << bits).astype(end + "u2").tobytes()
        tags.append((320, 3, 3 << bits, "colors"))
    at = 8 + 2 + 12 * len(tags) + 4
    text = (b"II*\0" if end == "<" else b"MM\0*") + struct.pack(end + "IH", 8, len(tags))
    for tag, kind, count, value in tags:
        place = at if value == "colors" else at + len(colors) if value is None else value
        text += struct.pack(end + "HHI", tag, kind, count)
        text += struct.pack(end + "HH", place, 0) if kind == 3 and count == 1 else struct.pack(end + "I", place)
    files[name] = text + struct.pack(end + "I", 0) + colors + data


for method in [None, "lzw", "packbits", "zlib"]:
    for order, end in [("<", "le"), (">", "be")]:
        name = f"{method or 'plain'}-{end}"
        how = dict(compression=method, byteorder=order)
        put("gray8-" + name, slope(13, 17), photometric="minisblack", **how)
        put("rgb8-" + name, slope(13, 17, 3), photometric="rgb", rowsperstrip=4, **how)
        put("gray16-" + name, slope(7, 9, dtype=np.uint16) // 90, photometric="minisblack", **how)
        put("rgb16-" + name, slope(7, 9, 3, np.uint16), photometric="rgb", **how)
put("white8", slope(5, 9), photometric="miniswhite")
put("bilevel", slope(9, 19) > 100, photometric="minisblack")
put("bilevel-white-packbits", slope(9, 19) > 100, photometric="miniswhite", compression="packbits", rowsperstrip=2)
for kind in ["unassalpha", "assocalpha", "unspecified"]:
    put("rgba8-" + kind, slope(6, 8, 4), photometric="rgb", extrasamples=[kind])
    put("rgba16-" + kind, slope(6, 8, 4, np.uint16), photometric="rgb", extrasamples=[kind])
put("rgb8-alpha-and-two", slope(6, 8, 6), photometric="rgb", extrasamples=["unassalpha", 0, 0])
put("gray8-alpha", slope(6, 8, 2), photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig")
planes = np.moveaxis(slope(13, 17, 3), -1, 0)
put("planes8", planes, photometric="rgb", planarconfig="separate")
put("planes8-lzw", planes, photometric="rgb", planarconfig="separate", compression="lzw", rowsperstrip=5)
put("tiles8", slope(20, 25, 3), photometric="rgb", tile=(16, 16))
put("tiles8-planes-zlib", np.moveaxis(slope(20, 25, 3), -1, 0), photometric="rgb", tile=(16, 16),
    planarconfig="separate", compression="zlib")
put("tile-larger", slope(5, 6), photometric="minisblack", tile=(16, 32))
put("tiles16-lzw-be", slope(20, 22, dtype=np.uint16) // 150, photometric="minisblack", tile=(16, 16),
    compression="lzw", byteorder=">")
put("predictor8", slope(13, 17, 3), photometric="rgb", compression="lzw", predictor=True)
put("predictor16-be", slope(13, 17, dtype=np.uint16) // 100, photometric="minisblack", compression="zlib",
    predictor=True, byteorder=">")
put("bigtiff", slope(5, 6, 3), photometric="rgb", bigtiff=True)
colors = rng.integers(0, 65536, (3, 256)).astype(np.uint16)
put("palette8-lzw-be", slope(9, 11), photometric="palette", colormap=colors, compression="lzw", byteorder=">")
put("two-pages", np.stack([slope(5, 6), 255 - slope(5, 6)]), photometric="minisblack")
for k in range(1, 9):
    put(f"orientation-{k}", slope(5, 7, 3), photometric="rgb", extratags=[(274, "H", 1, k, True)])
pillow("pillow-1", Image.fromarray(slope(9, 19)).convert("1"))
pillow("pillow-la", Image.fromarray(slope(9, 19, 2), "LA"))
pillow("pillow-rgba-deflate", Image.fromarray(slope(9, 19, 4), "RGBA"), compression="tiff_adobe_deflate")
for bits in (1, 2, 4):
    for photometric in (0, 1, 3):
        for end in "<>":
            by_hand(f"bits{bits}-{photometric}-{'le' if end == '<' else 'be'}", 13, 5, bits, photometric, end)
by_hand("fill-order-2", 13, 5, 1, 1, "<", fill=2)

here = pathlib.Path(__file__).parent
blob, lines = b"", ["# name offset size width height rgb"]
for name, data in files.items():
    image = Image.open(io.BytesIO(data)).convert("RGB")
    lines.append(f"{name} {len(blob)} {len(data)} {image.width} {image.height} {zlib.crc32(image.tobytes()):08x}")
    blob += data
(here / "tiff.bin").write_bytes(blob)
(here / "tiff.txt").write_text("\n".join(lines) + "\n")
