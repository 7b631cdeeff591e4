// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/io/keys/clipseg_decoder.hpp"

namespace vlsm::io {

/// Hugging Face's CLIPSegForImageSegmentation: CIDAS/clipseg-rd64-refined and -rd64.
inline constexpr KeyRule hf_clipseg_rules[] = {
    {"vision.class_token", "clip.vision_model.embeddings.class_embedding"},
    {"vision.patch.", "clip.vision_model.embeddings.patch_embedding."},
    {"vision.positions", "clip.vision_model.embeddings.position_embedding.weight",
     Change::positions},
    {"vision.norm_before.", "clip.vision_model.pre_layrnorm."},  // their spelling
    {"vision.blocks.*.norm1.", "clip.vision_model.encoder.layers.*.layer_norm1."},
    {"vision.blocks.*.attn.qkv.", "clip.vision_model.encoder.layers.*.self_attn.q_proj.",
     Change::part, 0, 3},
    {"vision.blocks.*.attn.qkv.", "clip.vision_model.encoder.layers.*.self_attn.k_proj.",
     Change::part, 1, 3},
    {"vision.blocks.*.attn.qkv.", "clip.vision_model.encoder.layers.*.self_attn.v_proj.",
     Change::part, 2, 3},
    {"vision.blocks.*.attn.out.", "clip.vision_model.encoder.layers.*.self_attn.out_proj."},
    {"vision.blocks.*.norm2.", "clip.vision_model.encoder.layers.*.layer_norm2."},
    {"vision.blocks.*.mlp.up.", "clip.vision_model.encoder.layers.*.mlp.fc1."},
    {"vision.blocks.*.mlp.down.", "clip.vision_model.encoder.layers.*.mlp.fc2."},
    {"vision.norm_after.", "clip.vision_model.post_layernorm."},
    {"vision.project.", "clip.visual_projection."},

    {"text.tokens", "clip.text_model.embeddings.token_embedding.weight"},
    {"text.positions", "clip.text_model.embeddings.position_embedding.weight"},
    {"text.blocks.*.norm1.", "clip.text_model.encoder.layers.*.layer_norm1."},
    {"text.blocks.*.attn.qkv.", "clip.text_model.encoder.layers.*.self_attn.q_proj.", Change::part,
     0, 3},
    {"text.blocks.*.attn.qkv.", "clip.text_model.encoder.layers.*.self_attn.k_proj.", Change::part,
     1, 3},
    {"text.blocks.*.attn.qkv.", "clip.text_model.encoder.layers.*.self_attn.v_proj.", Change::part,
     2, 3},
    {"text.blocks.*.attn.out.", "clip.text_model.encoder.layers.*.self_attn.out_proj."},
    {"text.blocks.*.norm2.", "clip.text_model.encoder.layers.*.layer_norm2."},
    {"text.blocks.*.mlp.up.", "clip.text_model.encoder.layers.*.mlp.fc1."},
    {"text.blocks.*.mlp.down.", "clip.text_model.encoder.layers.*.mlp.fc2."},
    {"text.norm_after.", "clip.text_model.final_layer_norm."},
    {"text.project.", "clip.text_projection."},

    {"unused.logit_scale", "clip.logit_scale"},
    // Files of older versions also hold these counters.
    {"", "clip.vision_model.embeddings.position_ids", Change::drop},
    {"", "clip.text_model.embeddings.position_ids", Change::drop},
};
static_assert(unambiguous(hf_clipseg_rules));

inline constexpr KeyPart hf_clipseg_parts[] = {{"", hf_clipseg_rules},
                                               {"decoder.", clipseg_decoder_rules}};
inline constexpr KeyScheme hf_clipseg{"hf_clipseg", "Hugging Face's CLIPSeg", hf_clipseg_parts};

}  // namespace vlsm::io
