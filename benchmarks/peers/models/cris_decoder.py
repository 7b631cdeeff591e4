# SPDX-License-Identifier: MIT
"""CRIS's decoder: cells of the map look at each other, then at the words."""
import math

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS = 512, 8


def sines(length, width):
    """[length, width]: sines on even channels, cosines on odd ones."""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angle = torch.arange(length)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)


def sines_in_two_dimensions(height, width, channels):
    """[height * width, channels]: the first half says the column, the second the row."""
    half = channels // 2
    column = sines(width, half)[None].expand(height, width, half)
    row = sines(height, half)[:, None].expand(height, width, half)
    return torch.cat([column, row], 2).flatten(0, 1)


class Attention(nn.Module):
    """Attention with the names of nn.MultiheadAttention, by torch's own kernel."""

    def __init__(self):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * WIDTH, WIDTH))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * WIDTH))
        self.out_proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, query, key, value, mask=None):
        inputs = (query, key, value)
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (
            F.linear(x, w, b).unflatten(2, (HEADS, -1)).transpose(1, 2)
            for x, w, b in zip(inputs, weights, biases)
        )
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out_proj(seen.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Every part is normalized before and, but for the last, after."""

    def __init__(self):
        super().__init__()
        self.self_attn_norm = nn.LayerNorm(WIDTH)
        self.cross_attn_norm = nn.LayerNorm(WIDTH)
        self.self_attn = Attention()
        self.multihead_attn = Attention()
        self.ffn = nn.Sequential(
            nn.Linear(WIDTH, 2048), nn.ReLU(), nn.Dropout(0.1), nn.LayerNorm(2048),
            nn.Linear(2048, WIDTH),
        )  # fmt: skip
        self.norm1 = nn.LayerNorm(WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.norm3 = nn.LayerNorm(WIDTH)

    def forward(self, x, words, placed_words, cells, mask):
        normed = self.norm1(x)
        placed = normed + cells
        x = x + self.self_attn_norm(self.self_attn(placed, placed, normed))
        asking = self.norm2(x) + cells
        heard = self.multihead_attn(asking, placed_words, words, mask)
        x = x + self.cross_attn_norm(heard)
        return x + self.ffn(self.norm3(x))


class Decoder(nn.Module):
    """forward(map [B, 512, h, w], words [B, L, 512], padding [B, L]) -> map [B, 512, h, w]."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(Layer() for _ in range(3))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x, words, padding):
        batch, _, height, width = x.shape
        cells = sines_in_two_dimensions(height, width, WIDTH)
        placed = words + sines(words.shape[1], WIDTH)
        mask = ~padding[:, None, None, :]  # true where a word is looked at
        x = x.flatten(2).transpose(1, 2)
        for layer in self.layers:
            x = layer(x, words, placed, cells, mask)
        return self.norm(x).transpose(1, 2).reshape(batch, WIDTH, height, width)
