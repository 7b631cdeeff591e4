// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/key_rule.hpp"

namespace vlsm::io {

/// CLIP's text tower as OpenAI names it.
inline constexpr KeyRule openai_text_rules[] = {
    {"text.tokens", "token_embedding.weight"},
    {"text.positions", "positional_embedding"},
    {"text.blocks.*.norm1.", "transformer.resblocks.*.ln_1."},
    {"text.blocks.*.attn.qkv.weight", "transformer.resblocks.*.attn.in_proj_weight"},
    {"text.blocks.*.attn.qkv.bias", "transformer.resblocks.*.attn.in_proj_bias"},
    {"text.blocks.*.attn.out.", "transformer.resblocks.*.attn.out_proj."},
    {"text.blocks.*.norm2.", "transformer.resblocks.*.ln_2."},
    {"text.blocks.*.mlp.up.", "transformer.resblocks.*.mlp.c_fc."},
    {"text.blocks.*.mlp.down.", "transformer.resblocks.*.mlp.c_proj."},
    {"text.norm_after.", "ln_final."},
    {"text.project.weight", "text_projection", Change::transpose},
};
static_assert(unambiguous(openai_text_rules));

/// What stands beside the towers.
inline constexpr KeyRule clip_scale_rules[] = {
    {"unused.logit_scale", "logit_scale"},
    // Sizes that the archive carries as tensors.
    {"unused.input_resolution", "input_resolution"},
    {"unused.context_length", "context_length"},
    {"unused.vocab_size", "vocab_size"},
    {"unused.logit_bias", "logit_bias"},
    {"", "attn_mask", Change::drop},  // a buffer of old versions
};
static_assert(unambiguous(clip_scale_rules));

/// The tower of OpenAI's CLIP with a ResNet (RN50.pt, a TorchScript archive); CRIS's `backbone.`.
inline constexpr KeyRule openai_resnet_rules[] = {
    {"vision.stem.0.conv.", "visual.conv1."},
    {"vision.stem.0.norm.", "visual.bn1."},
    {"vision.stem.1.conv.", "visual.conv2."},
    {"vision.stem.1.norm.", "visual.bn2."},
    {"vision.stem.2.conv.", "visual.conv3."},
    {"vision.stem.2.norm.", "visual.bn3."},
    {"vision.layer*.*.conv1.conv.", "visual.layer*.*.conv1."},
    {"vision.layer*.*.conv1.norm.", "visual.layer*.*.bn1."},
    {"vision.layer*.*.conv2.conv.", "visual.layer*.*.conv2."},
    {"vision.layer*.*.conv2.norm.", "visual.layer*.*.bn2."},
    {"vision.layer*.*.conv3.conv.", "visual.layer*.*.conv3."},
    {"vision.layer*.*.conv3.norm.", "visual.layer*.*.bn3."},
    {"vision.layer*.*.shortcut.conv.", "visual.layer*.*.downsample.0."},
    {"vision.layer*.*.shortcut.norm.", "visual.layer*.*.downsample.1."},
    {"vision.pool.positions", "visual.attnpool.positional_embedding"},
    {"vision.pool.attn.qkv.", "visual.attnpool.q_proj.", Change::part, 0, 3},
    {"vision.pool.attn.qkv.", "visual.attnpool.k_proj.", Change::part, 1, 3},
    {"vision.pool.attn.qkv.", "visual.attnpool.v_proj.", Change::part, 2, 3},
    {"vision.pool.attn.out.", "visual.attnpool.c_proj."},
};
static_assert(unambiguous(openai_resnet_rules));

inline constexpr KeyPart openai_clip_parts[] = {
    {"", openai_resnet_rules}, {"", openai_text_rules}, {"", clip_scale_rules}};
inline constexpr KeyScheme openai_clip{"openai_clip", "OpenAI's CLIP with a ResNet",
                                       openai_clip_parts, "cris"};

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
