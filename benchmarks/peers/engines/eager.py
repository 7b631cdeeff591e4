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
        with torch.no_grad(), self.autocast():
            return self.model(*map(torch.from_numpy, arrays)).float().numpy()

    def autocast(self):
        return torch.autocast("cpu", torch.bfloat16) if self.rounded else contextlib.nullcontext()

    def train(self, model, precision, folder):
        """The decoder, on encoders that are frozen and evaluate; as the study trains, but for the
        loss."""
        from monai.losses import DiceCELoss  # what infers does not need it

        precision = self.load(model, precision, folder)
        decoder = self.model.decoder.requires_grad_(True).train()
        self.parameters = list(decoder.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=2e-3, weight_decay=1e-3)
        self.loss = DiceCELoss(sigmoid=True, lambda_dice=1.0, lambda_ce=0.2)
        return precision

    def step(self, arrays, masks):
        self.optimizer.zero_grad()
        with self.autocast():
            logits = self.model(*map(torch.from_numpy, arrays))
        loss = self.loss(logits.float(), torch.from_numpy(masks))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 0.5)
        self.optimizer.step()
        return loss.item()
