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

}  // namespace vlsm::io
