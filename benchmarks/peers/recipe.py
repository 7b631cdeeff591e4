# SPDX-License-Identifier: MIT
"""Weights and pictures without files: deterministic arrays from a name and a shape.

tests/support/recipe.hpp is the same in C++.
"""
import math

import numpy

INCREMENT, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def seed(key):
    """FNV-1a, 64 bits, of a key."""
    value = 0xCBF29CE484222325
    for byte in key.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def stream(key, count, chunk=1 << 20):
    """Yields (begin, float64 values in [-1, 1)) of splitmix64 seeded with the key, in pieces that
    stay in the cache."""
    start = numpy.uint64(seed(key))
    for begin in range(0, count, chunk):
        z = numpy.arange(begin + 1, min(count, begin + chunk) + 1, dtype=numpy.uint64)
        z *= numpy.uint64(INCREMENT)
        z += start
        for shift, factor in ((30, FIRST), (27, SECOND)):
            z ^= z >> numpy.uint64(shift)
            z *= numpy.uint64(factor)
        z ^= z >> numpy.uint64(31)
        yield begin, (z >> numpy.uint64(40)) * 2.0**-23 - 1.0


def filled(key, shape, offset, scale):
    """offset + scale u, computed in double and rounded to float32 once."""
    values = numpy.empty(math.prod(shape), dtype=numpy.float32)
    for begin, u in stream(key, values.size):
        values[begin : begin + u.size] = offset + scale * u
    return values.reshape(shape)


def weight(key, shape):
    """The value of the state-dict tensor `key`."""
    if len(shape) >= 2:
        fan = shape[2] if len(shape) == 3 else math.prod(shape[1:])
        return filled(key, shape, 0.0, math.sqrt(3.0 / fan))
    if key.endswith("running_var"):
        return filled(key, shape, 1.0, 0.5)
    if key.endswith("running_mean"):
        return filled(key, shape, 0.0, 0.1)
    norm = len(shape) == 1 and key.endswith("weight")
    return filled(key, shape, 1.0 if norm else 0.0, 0.1)


def picture(key, shape, block=24):
    """[B, C, H, W]: blocks of 24 pixels plus fine noise, a deviation of about 0.77."""
    batch, channels, height, width = shape
    small = (batch, channels, -(-height // block), -(-width // block))
    coarse = numpy.concatenate([u for _, u in stream(key + ":coarse", math.prod(small))])
    fine = numpy.concatenate([u for _, u in stream(key + ":fine", math.prod(shape))])
    enlarged = coarse.reshape(small).repeat(block, 2).repeat(block, 3)[:, :, :height, :width]
    return (1.2 * enlarged + 0.6 * fine.reshape(shape)).astype(numpy.float32)
