// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/key_rule.hpp"
#include "vlsm/keys/openai.hpp"

namespace vlsm::io {

/// Hugging Face's CLIPModel with a vision transformer (openai/clip-vit-base-patch16): CLIPSeg's two
/// towers.
inline constexpr KeyRule hf_clip_rules[] = {
    {"vision.class_token", "vision_model.embeddings.class_embedding"},
    {"vision.patch.", "vision_model.embeddings.patch_embedding."},
    {"vision.positions", "vision_model.embeddings.position_embedding.weight", Change::positions},
    {"vision.norm_before.", "vision_model.pre_layrnorm."},  // their spelling
    {"vision.blocks.*.norm1.", "vision_model.encoder.layers.*.layer_norm1."},
    {"vision.blocks.*.attn.qkv.", "vision_model.encoder.layers.*.self_attn.q_proj.", Change::part,
     0, 3},
    {"vision.blocks.*.attn.qkv.", "vision_model.encoder.layers.*.self_attn.k_proj.", Change::part,
     1, 3},
    {"vision.blocks.*.attn.qkv.", "vision_model.encoder.layers.*.self_attn.v_proj.", Change::part,
     2, 3},
    {"vision.blocks.*.attn.out.", "vision_model.encoder.layers.*.self_attn.out_proj."},
    {"vision.blocks.*.norm2.", "vision_model.encoder.layers.*.layer_norm2."},
    {"vision.blocks.*.mlp.up.", "vision_model.encoder.layers.*.mlp.fc1."},
    {"vision.blocks.*.mlp.down.", "vision_model.encoder.layers.*.mlp.fc2."},
    {"vision.norm_after.", "vision_model.post_layernorm."},
    {"vision.project.", "visual_projection."},

    {"text.tokens", "text_model.embeddings.token_embedding.weight"},
    {"text.positions", "text_model.embeddings.position_embedding.weight"},
    {"text.blocks.*.norm1.", "text_model.encoder.layers.*.layer_norm1."},
    {"text.blocks.*.attn.qkv.", "text_model.encoder.layers.*.self_attn.q_proj.", Change::part, 0,
     3},
    {"text.blocks.*.attn.qkv.", "text_model.encoder.layers.*.self_attn.k_proj.", Change::part, 1,
     3},
    {"text.blocks.*.attn.qkv.", "text_model.encoder.layers.*.self_attn.v_proj.", Change::part, 2,
     3},
    {"text.blocks.*.attn.out.", "text_model.encoder.layers.*.self_attn.out_proj."},
    {"text.blocks.*.norm2.", "text_model.encoder.layers.*.layer_norm2."},
    {"text.blocks.*.mlp.up.", "text_model.encoder.layers.*.mlp.fc1."},
    {"text.blocks.*.mlp.down.", "text_model.encoder.layers.*.mlp.fc2."},
    {"text.norm_after.", "text_model.final_layer_norm."},
    {"text.project.", "text_projection."},

    {"unused.logit_scale", "logit_scale"},
    // Files of older versions also hold these counters.
    {"", "vision_model.embeddings.position_ids", Change::drop},
    {"", "text_model.embeddings.position_ids", Change::drop},
};
static_assert(unambiguous(hf_clip_rules));

inline constexpr KeyPart hf_clip_parts[] = {{"", hf_clip_rules}};
inline constexpr KeyScheme hf_clip{"hf_clip", "Hugging Face's CLIP", hf_clip_parts, "clipseg"};

/// The decoder of Hugging Face's CLIPSeg, which medvlsm's BiomedCLIPSeg has, too.
inline constexpr KeyRule clipseg_decoder_rules[] = {
    {"fusion.reduce.*.", "reduces.*."},
    {"fusion.scale.", "film_mul."},
    {"fusion.shift.", "film_add."},
    {"decoder.layers.*.attn.qkv.", "layers.*.self_attn.q_proj.", Change::part, 0, 3},
    {"decoder.layers.*.attn.qkv.", "layers.*.self_attn.k_proj.", Change::part, 1, 3},
    {"decoder.layers.*.attn.qkv.", "layers.*.self_attn.v_proj.", Change::part, 2, 3},
    {"decoder.layers.*.attn.out.", "layers.*.self_attn.out_proj."},
    {"decoder.layers.*.norm1.", "layers.*.layer_norm1."},
    {"decoder.layers.*.mlp.up.", "layers.*.mlp.fc1."},
    {"decoder.layers.*.mlp.down.", "layers.*.mlp.fc2."},
    {"decoder.layers.*.norm2.", "layers.*.layer_norm2."},
    {"head.smooth.", "transposed_convolution.0."},
    {"head.up1.", "transposed_convolution.2."},
    {"head.up2.", "transposed_convolution.4."},
    {"head.up.", "transposed_convolution."},  // the plain head
};
static_assert(unambiguous(clipseg_decoder_rules));

/// Hugging Face's CLIPSegForImageSegmentation: CIDAS/clipseg-rd64-refined and -rd64.
inline constexpr KeyPart hf_clipseg_parts[] = {{"clip.", hf_clip_rules},
                                               {"decoder.", clipseg_decoder_rules}};
inline constexpr KeyScheme hf_clipseg{"hf_clipseg", "Hugging Face's CLIPSeg", hf_clipseg_parts,
                                      "clipseg"};

/// CLIPSeg as its authors save it (rd64-uni.pth, rd64-uni-refined.pth, rd16-uni.pth): torch's own
/// transformer layers and nothing of CLIP, which comes from elsewhere.
inline constexpr KeyRule clipseg_authors_rules[] = {
    {"fusion.reduce.*.", "reduces.*."},
    {"fusion.scale.", "film_mul."},
    {"fusion.shift.", "film_add."},
    {"decoder.layers.*.attn.qkv.weight", "blocks.*.self_attn.in_proj_weight"},
    {"decoder.layers.*.attn.qkv.bias", "blocks.*.self_attn.in_proj_bias"},
    {"decoder.layers.*.attn.out.", "blocks.*.self_attn.out_proj."},
    {"decoder.layers.*.norm1.", "blocks.*.norm1."},
    {"decoder.layers.*.mlp.up.", "blocks.*.linear1."},
    {"decoder.layers.*.mlp.down.", "blocks.*.linear2."},
    {"decoder.layers.*.norm2.", "blocks.*.norm2."},
    {"head.smooth.", "trans_conv.0."},
    {"head.up1.", "trans_conv.2."},
    {"head.up2.", "trans_conv.4."},
    {"head.up.", "trans_conv."},    // the plain head
    {"unused.reduce.", "reduce."},  // of the base class; nothing calls it
};
static_assert(unambiguous(clipseg_authors_rules));

/// A whole model's state dict names CLIP's image tower twice, as `clip_model.visual` and as
/// `model`.
inline constexpr KeyRule clipseg_twice_rules[] = {
    {"", "class_embedding", Change::drop},
    {"", "positional_embedding", Change::drop},
    {"", "proj", Change::drop},
    {"", "conv1.", Change::drop},
    {"", "ln_pre.", Change::drop},
    {"", "ln_post.", Change::drop},
    {"", "transformer.resblocks.*.ln_1.", Change::drop},
    {"", "transformer.resblocks.*.ln_2.", Change::drop},
    {"", "transformer.resblocks.*.attn.", Change::drop},
    {"", "transformer.resblocks.*.attn.out_proj.", Change::drop},
    {"", "transformer.resblocks.*.mlp.c_fc.", Change::drop},
    {"", "transformer.resblocks.*.mlp.c_proj.", Change::drop},
};
static_assert(unambiguous(clipseg_twice_rules));

inline constexpr KeyPart clipseg_authors_parts[] = {{"", clipseg_authors_rules},
                                                    {"clip_model.", openai_vit_rules},
                                                    {"clip_model.", openai_text_rules},
                                                    {"clip_model.", clip_scale_rules},
                                                    {"model.", clipseg_twice_rules}};
inline constexpr KeyScheme clipseg_authors{"clipseg_authors", "CLIPSeg's authors",
                                           clipseg_authors_parts, "clipseg"};

}  // namespace vlsm::io
