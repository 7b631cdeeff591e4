# SPDX-License-Identifier: MIT
"""transformers' CLIPSegForImageSegmentation, configured as CIDAS/clipseg-rd64-refined is."""
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation


def settings():
    """ViT-B/16 trained at 224 pixels, 64 channels in the decoder, the head of three convolutions."""
    return CLIPSegConfig(
        text_config={"eos_token_id": 49407, "bos_token_id": 49406},
        vision_config={"patch_size": 16, "image_size": 224},
        extract_layers=[3, 6, 9],
        reduce_dim=64,
        decoder_num_attention_heads=4,
        decoder_intermediate_size=2048,
        decoder_attention_dropout=0.0,
        use_complex_transposed_convolution=True,
    )


class ClipSeg(CLIPSegForImageSegmentation):
    """The same, with the logits alone as its result. No mask of the padding is needed: the words
    are read causally and the sentence is the end token's vector, so padding cannot change it."""

    def forward(self, pixels, ids):
        logits = super().forward(input_ids=ids, pixel_values=pixels).logits
        return logits.reshape(pixels.shape[0], 1, pixels.shape[2], pixels.shape[3])


def build(_):
    return ClipSeg(settings())
