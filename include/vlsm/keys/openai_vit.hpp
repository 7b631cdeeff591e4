// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/openai_text.hpp"

namespace vlsm::io {

/// The tower of OpenAI's CLIP with a vision transformer (ViT-B-16.pt, a TorchScript archive), which
/// open_clip names alike.
inline constexpr KeyRule openai_vit_rules[] = {
    {"vision.class_token", "visual.class_embedding"},
    {"vision.positions", "visual.positional_embedding", Change::positions},
    {"vision.patch.", "visual.conv1."},
    {"vision.norm_before.", "visual.ln_pre."},
    {"vision.blocks.*.norm1.", "visual.transformer.resblocks.*.ln_1."},
    {"vision.blocks.*.attn.qkv.weight", "visual.transformer.resblocks.*.attn.in_proj_weight"},
    {"vision.blocks.*.attn.qkv.bias", "visual.transformer.resblocks.*.attn.in_proj_bias"},
    {"vision.blocks.*.attn.out.", "visual.transformer.resblocks.*.attn.out_proj."},
    {"vision.blocks.*.norm2.", "visual.transformer.resblocks.*.ln_2."},
    {"vision.blocks.*.mlp.up.", "visual.transformer.resblocks.*.mlp.c_fc."},
    {"vision.blocks.*.mlp.down.", "visual.transformer.resblocks.*.mlp.c_proj."},
    {"vision.norm_after.", "visual.ln_post."},
    {"vision.project.weight", "visual.proj", Change::transpose},
};
static_assert(unambiguous(openai_vit_rules));

inline constexpr KeyPart openai_vit_parts[] = {
    {"", openai_vit_rules}, {"", openai_text_rules}, {"", clip_scale_rules}};
inline constexpr KeyScheme openai_vit{"openai_vit", "OpenAI's CLIP with a vision transformer",
                                      openai_vit_parts, "clipseg"};

/// open_clip's form for text towers of any kind (CustomTextCLIP): the text tower is a module of its
/// own, the temperature is not.
inline constexpr KeyPart open_clip_vit_parts[] = {
    {"", openai_vit_rules}, {"text.", openai_text_rules}, {"", clip_scale_rules}};
inline constexpr KeyScheme open_clip_vit{"open_clip_vit", "open_clip's CLIP with a text module",
                                         open_clip_vit_parts, "clipseg"};

}  // namespace vlsm::io
