# SPDX-License-Identifier: MIT
"""PyTorch's scaled_dot_product_attention, under the names of BM_FusionAttention."""
import torch

from timing import measure

HEADS, DIM = 8, 64
SIZES = [(676, 77, 1), (676, 77, 8), (676, 17, 8), (10816, 77, 1)]


def rows(**options):
    found = []
    for gradients in (False, True):
        for queries, keys, batch in SIZES:
            found += attention(queries, keys, batch, gradients, options)
    return found


def attention(queries, keys, batch, gradients, options):
    generator = torch.Generator().manual_seed(0)

    def made(count):
        x = torch.randn(batch, count, HEADS, DIM, generator=generator)
        return x.requires_grad_(gradients)

    q, k, v, grad = made(queries), made(keys), made(keys), made(queries).detach()

    def run(tensors=None):
        a, b, c = tensors or (q, k, v)
        out = torch.nn.functional.scaled_dot_product_attention(
            a.transpose(1, 2), b.transpose(1, 2), c.transpose(1, 2)
        ).transpose(1, 2)
        if gradients:
            return torch.autograd.grad(out, (a, b, c), grad.to(out.dtype))
        return (out,)

    def check(result):
        wide = tuple(x.detach().double().requires_grad_(gradients) for x in (q, k, v))
        for ours, exact in zip(result, run(wide)):
            assert (ours.double() - exact).abs().max() <= 1e-4 * exact.std()

    name = "BM_FusionAttention" + ("Gradients" if gradients else "")
    name += f"/backend:torch_sdpa/dtype:f32/q:{queries}/k:{keys}/b:{batch}"
    product = 2.0 * batch * HEADS * queries * keys * DIM
    with torch.set_grad_enabled(gradients):
        return measure(name, run, check=check, flops=product * (7 if gradients else 2), **options)
