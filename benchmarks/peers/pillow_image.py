# SPDX-License-Identifier: MIT
"""Pillow's reading and writing of pictures, under the names of BM_Image."""
import io
import os
import tempfile

import numpy
from PIL import Image

from timing import measure

HEIGHT, WIDTH = 500, 600


def picture(height=HEIGHT, width=WIDTH):
    """Waves and grain, which compress about as well as a photograph."""
    y, x, c = numpy.ogrid[:height, :width, :3]
    wave = numpy.sin(0.013 * x * (c + 1) + 0.021 * y)
    grain = numpy.random.default_rng(7).uniform(-1, 1, (height, width, 3))
    return Image.fromarray((128 + 100 * wave + 8 * grain).astype(numpy.uint8))


def mask():
    y, x = numpy.ogrid[:HEIGHT, :WIDTH]
    inside = (y - 240) ** 2 + (x - 320) ** 2 < 14400
    return Image.fromarray((255 * inside).astype(numpy.uint8)).convert("RGB")


def encoded(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def rows(**options):
    found = []

    def add(part, run):
        found.extend(measure(f"BM_Image/part:{part}/from:{WIDTH}x{HEIGHT}/by:pillow", run,
                             bytes_moved=3 * WIDTH * HEIGHT, **options))

    image = picture()
    with tempfile.TemporaryDirectory() as folder:
        for part, form, more in (("read_png", "PNG", {}), ("read_jpeg", "JPEG", {"quality": 90})):
            path = os.path.join(folder, part)
            with open(path, "wb") as file:
                file.write(encoded(image, form, **more))
            add(part, lambda path=path: Image.open(path).convert("RGB"))
    add("write_picture", lambda: encoded(image, "PNG"))
    add("write_mask", lambda shown=mask(): encoded(shown, "PNG"))
    return found
