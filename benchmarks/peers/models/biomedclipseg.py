# SPDX-License-Identifier: MIT
"""BiomedCLIPSeg: open_clip's two towers of BiomedCLIP under transformers' CLIPSeg decoder."""
import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.timm_model import TimmModel
from transformers import BertConfig
from transformers.models.clipseg.modeling_clipseg import CLIPSegDecoder

from models.clipseg import settings

# The decoder's layers 3, 6, 9, counted without the embedding: outputs of these blocks.
BLOCKS = [4, 7, 10]


class BiomedClip(torch.nn.Module):
    """The two towers, called by themselves."""

    def __init__(self):
        super().__init__()
        self.visual = TimmModel(
            "vit_base_patch16_224", embed_dim=512, pool="", proj="linear", pretrained=False
        )
        # torch's own attention here and in the decoder, as transformers chooses for whole models.
        self.text = HFTextEncoder(
            "", output_dim=512, config=BertConfig(attn_implementation="sdpa"), proj_type="mlp",
            pooler_type="cls_last_hidden_state_pooler",
        )  # fmt: skip
        self.text.transformer.pooler = None  # no part of BiomedCLIP
        self.logit_scale = torch.nn.Parameter(torch.zeros(()))


class BiomedClipSeg(torch.nn.Module):
    """forward(pixels [B, 3, 224, 224], ids [B, L] padded with 0) -> logits [B, 1, 224, 224].

    The keys are medvlsm's: `biomedclip.` before those of open_clip's file, and `decoder.`.
    """

    def __init__(self):
        super().__init__()
        self.biomedclip = BiomedClip()
        clipseg = settings()
        clipseg._attn_implementation = "sdpa"
        self.decoder = CLIPSegDecoder(clipseg)

    def forward(self, pixels, ids):
        taps = self.biomedclip.visual.trunk.forward_intermediates(
            pixels, indices=BLOCKS, return_prefix_tokens=True, norm=False, output_fmt="NLC",
            intermediates_only=True,
        )  # fmt: skip
        activations = [torch.cat([prefix, cells], 1) for cells, prefix in taps]
        logits = self.decoder(activations, self.biomedclip.text(ids)).logits
        return logits.reshape(pixels.shape[0], 1, pixels.shape[2], pixels.shape[3])


def build(_):
    return BiomedClipSeg()
