# SPDX-License-Identifier: MIT
"""The reference implementations as PyTorch modules, forward(pixels[, ids]) -> logits [B, 1, H, W],
whose state dict has the keys of the published weights. A file each, imported when it is asked for,
since each needs packages of its own."""
import importlib

FILES = {
    "clipseg": "clipseg",
    "cris": "cris",
    "biomedclipseg": "biomedclipseg",
    "unet": "baselines",
    "unetpp": "baselines",
    "deeplabv3plus": "baselines",
}


def build(name):
    """The model of that name, evaluating; its weights are whatever it starts from."""
    module = importlib.import_module(f"models.{FILES[name]}").build(name)
    return module.eval().requires_grad_(False)
