# SPDX-License-Identifier: MIT
"""MONAI's DiceCELoss, value and gradient, under the names of BM_DiceCE."""
import torch
from monai.losses import DiceCELoss

from timing import measure

SIZES = [(8, 352), (32, 416)]


def rows(**options):
    found = []
    for batch, side in SIZES:
        found += dice_ce(batch, side, options)
    return found


def dice_ce(batch, side, options):
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(batch, 1, side, side, generator=generator)
    target = (torch.rand(batch, 1, side, side, generator=generator) > 0.6).float()
    loss = DiceCELoss(sigmoid=True, lambda_dice=1.0, lambda_ce=0.2)

    def run(x=logits, t=target):
        leaf = x.detach().requires_grad_(True)
        value = loss(leaf, t)
        return value.detach(), torch.autograd.grad(value, leaf)[0]

    def check(result):
        for ours, exact in zip(result, run(logits.double(), target.double())):
            assert (ours.double() - exact).abs().max() <= 1e-5 * exact.abs().max()

    # Logits and target in twice, the gradient out.
    moved = 5.0 * 4 * logits.numel()
    name = f"BM_DiceCE/backend:monai/dtype:f32/shape:{batch}x1x{side}x{side}"
    with torch.enable_grad():
        return measure(name, run, check=check, bytes_moved=moved, **options)
