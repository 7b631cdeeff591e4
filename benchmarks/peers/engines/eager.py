# SPDX-License-Identifier: MIT
"""PyTorch as it is, one operator after the other."""
import contextlib

import torch
from safetensors.torch import load_file

import models


class Engine:
    version = torch.__version__

    def threads(self, count):
        torch.set_num_threads(count)

    def load(self, model, precision, folder):
        if precision not in ("fp32", "bf16"):
            raise ValueError(f"PyTorch is timed in fp32 and bf16, not in {precision}")
        self.rounded = precision == "bf16"
        built = models.build(model)
        built.load_state_dict(load_file(f"{folder}/weights.safetensors"), assign=True)
        self.model = built.requires_grad_(False)
        return precision

    def infer(self, arrays):
        tensors = [torch.from_numpy(array) for array in arrays]
        bf16 = torch.autocast("cpu", torch.bfloat16) if self.rounded else contextlib.nullcontext()
        with torch.no_grad(), bf16:
            return self.model(*tensors).float().numpy()
