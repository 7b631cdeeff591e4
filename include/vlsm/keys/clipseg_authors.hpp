// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/openai_vit.hpp"

namespace vlsm::io {

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
