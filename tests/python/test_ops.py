#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The operators from Python: test_ops.py LIBRARY"""
import sys
import unittest

import torch


def inputs(queries=19, keys=17, batch=2, heads=2, dim=16, dtype=torch.float32, grad=True):
    generator = torch.Generator().manual_seed(1)

    def made(rows):
        x = torch.randn(batch, rows, heads, dim, generator=generator, dtype=dtype)
        return x.requires_grad_(grad)

    return made(queries), made(keys), made(keys)


def reference(q, k, v, lengths=None, scale=None):
    mask = None
    if lengths is not None:
        mask = (torch.arange(k.shape[1]) < lengths[:, None])[:, None, None]
    heads_first = [x.transpose(1, 2) for x in (q, k, v)]
    out = torch.nn.functional.scaled_dot_product_attention(
        *heads_first, attn_mask=mask, scale=scale
    )
    return out.transpose(1, 2)


class FusionAttention(unittest.TestCase):
    op = staticmethod(lambda *a, **k: torch.ops.vlsm.fusion_attention(*a, **k))
    lengths = torch.tensor([17, 5], dtype=torch.int32)

    def test_gives_what_pytorch_gives(self):
        for options in ({}, {"lengths": self.lengths}, {"scale": 0.5}):
            q, k, v = inputs()
            out, expected = self.op(q, k, v, **options), reference(q, k, v, **options)
            torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-6)
            grad = torch.ones_like(out)
            ours = torch.autograd.grad(out, (q, k, v), grad)
            theirs = torch.autograd.grad(expected, (q, k, v), grad)
            for mine, other in zip(ours, theirs):
                torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)

    def test_opcheck(self):
        for dtype in (torch.float32, torch.float64):
            args = inputs(dtype=dtype)
            torch.library.opcheck(torch.ops.vlsm.fusion_attention.default, args)
            torch.library.opcheck(
                torch.ops.vlsm.fusion_attention.default,
                (*args, self.lengths),
                {"dropout": 0.25, "seed": 3},
            )

    def test_gradcheck(self):
        q, k, v = inputs(queries=5, keys=4, dim=3, dtype=torch.float64)
        lengths = torch.tensor([4, 2], dtype=torch.int32)
        for options in ({}, {"dropout": 0.3, "seed": 5}):
            torch.autograd.gradcheck(
                lambda q, k, v: self.op(q, k, v, lengths, **options), (q, k, v)
            )

    def test_compiles(self):
        q, k, v = inputs(grad=False)
        made = torch.compile(lambda *x: self.op(*x) * 2, backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(made(q, k, v), 2 * self.op(q, k, v))

    def test_bad_input_is_told(self):
        q, k, v = inputs()
        with self.assertRaisesRegex(RuntimeError, "do not fit each other"):
            self.op(q, k[:, :, :1], v)


class DiceCe(unittest.TestCase):
    op = staticmethod(lambda *a, **k: torch.ops.vlsm.dice_ce(*a, **k))

    def inputs(self, side=17, batch=3, dtype=torch.float32):
        generator = torch.Generator().manual_seed(2)
        logits = 3 * torch.randn(batch, 1, side, side, generator=generator, dtype=dtype)
        target = (torch.rand(batch, 1, side, side, generator=generator) > 0.7).to(dtype)
        return logits.requires_grad_(True), target

    @staticmethod
    def reference(logits, target, dice_weight=1.0, ce_weight=1.0):
        p, smooth = torch.sigmoid(logits), 1e-5
        overlap, size = (p * target).flatten(1).sum(1), (p + target).flatten(1).sum(1)
        dice = 1 - (2 * overlap + smooth) / (size + smooth)
        ce = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
        return dice_weight * dice.mean() + ce_weight * ce

    def test_gives_what_the_formula_gives(self):
        for dtype in (torch.float32, torch.float64):
            for options in ({}, {"dice_weight": 0.5, "ce_weight": 2.0}):
                logits, target = self.inputs(dtype=dtype)
                ours, theirs = (f(logits, target, **options) for f in (self.op, self.reference))
                torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
                mine, other = (torch.autograd.grad(x, logits)[0] for x in (ours, theirs))
                torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-7)

    def test_masks_of_other_types(self):
        logits, target = self.inputs()
        for dtype in (torch.uint8, torch.bool):
            torch.testing.assert_close(self.op(logits, target.to(dtype)), self.op(logits, target))

    def test_opcheck(self):
        for dtype in (torch.float32, torch.float64):
            torch.library.opcheck(torch.ops.vlsm.dice_ce.default, self.inputs(dtype=dtype))

    def test_gradcheck(self):
        logits, target = self.inputs(side=4, dtype=torch.float64)
        torch.autograd.gradcheck(lambda x: self.op(x, target), (logits,))

    def test_bad_input_is_told(self):
        logits, target = self.inputs()
        with self.assertRaisesRegex(RuntimeError, "one channel and masks of its shape"):
            self.op(logits, target[:1])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.ops.load_library(sys.argv.pop())
    unittest.main()
