# SPDX-License-Identifier: MIT
"""CRIS's backbone: CLIP's RN50 (Radford et al. 2021), whose attention pool keeps its map."""
import torch
from torch import nn
from torch.nn import functional as F


class Bottleneck(nn.Module):
    """A residual block that shrinks by average pools, where others stride."""

    def __init__(self, inputs, inner, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * inner, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * inner)
        self.shrink = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.downsample = None
        if stride > 1 or inputs != 4 * inner:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * inner, 1, bias=False), nn.BatchNorm2d(4 * inner)
            )

    def forward(self, x):
        inner = F.relu(self.bn1(self.conv1(x)))
        inner = self.shrink(F.relu(self.bn2(self.conv2(inner))))
        same = x if self.downsample is None else self.downsample(self.shrink(x))
        return F.relu(self.bn3(self.conv3(inner)) + same)


class AttentionPool(nn.Module):
    """All cells look at all cells; a convolution of the map is added to what they see."""

    def __init__(self, width=2048, heads=32, grid=7, out=1024):
        super().__init__()
        self.heads, self.grid = heads, grid
        self.positional_embedding = nn.Parameter(torch.empty(1 + grid * grid, width))
        self.k_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, out)
        self.connect = nn.Sequential(nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        batch, width, height, columns = x.shape
        table = self.positional_embedding[1:].t().reshape(1, width, self.grid, self.grid)
        table = F.interpolate(table, size=(height, columns), mode="bicubic", align_corners=False)
        cells = (x + table).flatten(2).transpose(1, 2)
        q, k, v = (
            project(cells).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        mixed = self.c_proj(seen).transpose(1, 2).reshape(batch, -1, height, columns)
        return F.relu(mixed + self.connect(x))


class ResNet(nn.Module):
    """forward(pixels [B, 3, H, W]) -> maps of 512, 1024, 1024 channels at 1/8, 1/16, 1/32."""

    def __init__(self, width=64):
        super().__init__()
        half = width // 2
        self.conv1 = nn.Conv2d(3, half, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, half, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv3 = nn.Conv2d(half, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.layer1 = self.stage(width, width, 3, 1)
        self.layer2 = self.stage(4 * width, 2 * width, 4, 2)
        self.layer3 = self.stage(8 * width, 4 * width, 6, 2)
        self.layer4 = self.stage(16 * width, 8 * width, 3, 2)
        self.attnpool = AttentionPool(32 * width)

    @staticmethod
    def stage(inputs, inner, blocks, stride):
        first = Bottleneck(inputs, inner, stride)
        return nn.Sequential(first, *(Bottleneck(4 * inner, inner, 1) for _ in range(blocks - 1)))

    def forward(self, x):
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = F.relu(norm(conv(x)))
        x = self.layer2(self.layer1(F.avg_pool2d(x, 2)))
        deeper = self.layer3(x)
        return x, deeper, self.attnpool(self.layer4(deeper))


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class SelfAttention(nn.Module):
    """Causal, with the names of nn.MultiheadAttention."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        joined = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in joined.chunk(3, 2)
        )
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out_proj(seen.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A layer of the text tower, normalized before each part."""

    def __init__(self, width, heads):
        super().__init__()
        self.attn = SelfAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", QuickGelu())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Backbone(nn.Module):
    """CLIP's two towers; `visual` is called by itself."""

    def __init__(self, width=512, positions=77, vocabulary=49408, sentence=1024):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.empty(positions, width))
        self.text_projection = nn.Parameter(torch.empty(width, sentence))
        self.logit_scale = nn.Parameter(torch.empty(()))
        self.visual = ResNet()
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.Sequential(*(Block(width, 8) for _ in range(12)))
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.ln_final = nn.LayerNorm(width)

    def encode_text(self, ids):
        """ids [B, L] -> words [B, L, 512] and the sentence [B, 1024], which the end token says."""
        x = self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]]
        words = self.ln_final(self.transformer.resblocks(x))
        end = words[torch.arange(ids.shape[0]), ids.argmax(1)]
        return words, end @ self.text_projection
