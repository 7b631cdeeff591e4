# SPDX-License-Identifier: MIT
"""torch.compile, with its weights frozen, as PyTorch advises for inference on a CPU. Its first
inference compiles; what it compiled is kept in TORCHINDUCTOR_CACHE_DIR."""
import torch
import torch._inductor.config

from engines import eager

torch._inductor.config.freezing = True


class Engine(eager.Engine):
    def load(self, model, precision, folder):
        precision = super().load(model, precision, folder)
        self.model = torch.compile(self.model)
        return precision
