// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/openai_text.hpp"

namespace vlsm::io {

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

}  // namespace vlsm::io
