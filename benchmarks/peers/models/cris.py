# SPDX-License-Identifier: MIT
"""CRIS (Wang et al. 2022) in PyTorch, of the tensors that its published weights hold."""
import torch
from torch import nn
from torch.nn import functional as F

from models.cris_backbone import Backbone
from models.cris_decoder import Decoder


def conv(inputs, outputs, kernel=3):
    """Convolution, batch norm, relu."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


class Coordinates(nn.Module):
    """A convolution that also reads where it is: x and y from -1 to 1."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = conv(inputs + 2, outputs)

    def forward(self, x):
        batch, _, height, width = x.shape
        across = torch.linspace(-1, 1, width).view(1, 1, 1, width).expand(batch, 1, height, width)
        down = torch.linspace(-1, 1, height).view(1, 1, height, 1).expand(batch, 1, height, width)
        return self.conv1(torch.cat([x, across, down], 1))


class Neck(nn.Module):
    """The three maps and the sentence in one map of 1/16 of the picture's sides."""

    def __init__(self):
        super().__init__()
        self.txt_proj = nn.Sequential(
            nn.Linear(1024, 1024, bias=False), nn.BatchNorm1d(1024), nn.ReLU()
        )
        self.f1_v_proj = conv(1024, 1024, 1)
        self.norm_layer = nn.Sequential(nn.BatchNorm2d(1024), nn.ReLU())
        self.f2_v_proj = conv(1024, 512)
        self.f2_cat = conv(1536, 512, 1)
        self.f3_v_proj = conv(512, 256)
        self.f3_cat = conv(768, 512, 1)
        self.f4_proj5 = conv(1024, 512)
        self.f4_proj4 = conv(512, 512)
        self.f4_proj3 = conv(512, 512)
        self.aggr = conv(1536, 512, 1)
        self.coordconv = nn.Sequential(Coordinates(512, 512), conv(512, 512))

    def forward(self, maps, state):
        v3, v4, v5 = maps
        gate = self.txt_proj(state)[:, :, None, None]
        f5 = self.norm_layer(self.f1_v_proj(v5) * gate)
        f4 = self.f2_cat(torch.cat([self.f2_v_proj(v4), doubled(f5)], 1))
        f3 = self.f3_cat(torch.cat([F.avg_pool2d(self.f3_v_proj(v3), 2), f4], 1))
        queries = [self.f4_proj3(f3), self.f4_proj4(f4), doubled(self.f4_proj5(f5))]
        return self.coordconv(self.aggr(torch.cat(queries, 1)))


def doubled(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear")


class Projector(nn.Module):
    """The sentence becomes the 3 x 3 convolution that reads its mask from the map."""

    def __init__(self):
        super().__init__()
        double = nn.Upsample(scale_factor=2, mode="bilinear")
        self.vis = nn.Sequential(
            double, conv(512, 512), double, conv(512, 256), nn.Conv2d(256, 256, 1)
        )
        self.txt = nn.Linear(1024, 9 * 256 + 1)

    def forward(self, x, state):
        x = self.vis(x)
        batch, channels, height, width = x.shape
        said = self.txt(state)
        weight = said[:, :-1].reshape(batch, channels, 3, 3)
        # A group a picture: each is read with its own sentence.
        joined = x.reshape(1, batch * channels, height, width)
        mask = F.conv2d(joined, weight, said[:, -1], padding=1, groups=batch)
        return mask.transpose(0, 1)


class Cris(nn.Module):
    """forward(pixels [B, 3, 416, 416], ids [B, L] padded with 0) -> logits [B, 1, 416, 416]."""

    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.neck = Neck()
        self.decoder = Decoder()
        self.proj = Projector()

    def forward(self, pixels, ids):
        words, state = self.backbone.encode_text(ids)
        fused = self.neck(self.backbone.visual(pixels), state)
        read = self.decoder(fused, words, ids == 0)
        low = self.proj(read, state)
        return F.interpolate(low, size=pixels.shape[2:], mode="bicubic", align_corners=True)


def build(_):
    return Cris()
