// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/key_rule.hpp"

namespace vlsm::io {

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

}  // namespace vlsm::io
