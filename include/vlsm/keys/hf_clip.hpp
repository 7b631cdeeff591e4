// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/key_rule.hpp"

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

}  // namespace vlsm::io
