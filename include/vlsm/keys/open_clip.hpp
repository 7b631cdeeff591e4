// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/clipseg.hpp"

namespace vlsm::io {

/// BiomedCLIP as open_clip stores it: timm's vision transformer and Hugging Face's BERT.
inline constexpr KeyRule open_clip_rules[] = {
    {"vision.class_token", "visual.trunk.cls_token", Change::squeeze},
    {"vision.positions", "visual.trunk.pos_embed", Change::squeeze_positions},
    {"vision.patch.", "visual.trunk.patch_embed.proj."},
    {"vision.blocks.*.norm1.", "visual.trunk.blocks.*.norm1."},
    {"vision.blocks.*.attn.qkv.", "visual.trunk.blocks.*.attn.qkv."},
    {"vision.blocks.*.attn.out.", "visual.trunk.blocks.*.attn.proj."},
    {"vision.blocks.*.norm2.", "visual.trunk.blocks.*.norm2."},
    {"vision.blocks.*.mlp.up.", "visual.trunk.blocks.*.mlp.fc1."},
    {"vision.blocks.*.mlp.down.", "visual.trunk.blocks.*.mlp.fc2."},
    {"vision.norm_after.", "visual.trunk.norm."},
    {"vision.project.", "visual.head.proj."},

    {"text.words", "text.transformer.embeddings.word_embeddings.weight"},
    {"text.positions", "text.transformer.embeddings.position_embeddings.weight"},
    {"text.types", "text.transformer.embeddings.token_type_embeddings.weight"},
    {"text.norm_before.", "text.transformer.embeddings.LayerNorm."},
    {"text.blocks.*.attn.qkv.", "text.transformer.encoder.layer.*.attention.self.query.",
     Change::part, 0, 3},
    {"text.blocks.*.attn.qkv.", "text.transformer.encoder.layer.*.attention.self.key.",
     Change::part, 1, 3},
    {"text.blocks.*.attn.qkv.", "text.transformer.encoder.layer.*.attention.self.value.",
     Change::part, 2, 3},
    {"text.blocks.*.attn.out.", "text.transformer.encoder.layer.*.attention.output.dense."},
    {"text.blocks.*.norm1.", "text.transformer.encoder.layer.*.attention.output.LayerNorm."},
    {"text.blocks.*.mlp.up.", "text.transformer.encoder.layer.*.intermediate.dense."},
    {"text.blocks.*.mlp.down.", "text.transformer.encoder.layer.*.output.dense."},
    {"text.blocks.*.norm2.", "text.transformer.encoder.layer.*.output.LayerNorm."},
    {"text.project.up.", "text.proj.0."},
    {"text.project.down.", "text.proj.2."},

    {"unused.logit_scale", "logit_scale"},
    // Files of older versions also hold this counter.
    {"", "text.transformer.embeddings.position_ids", Change::drop},
};
static_assert(unambiguous(open_clip_rules));

inline constexpr KeyPart open_clip_parts[] = {{"", open_clip_rules}};
inline constexpr KeyScheme open_clip{"open_clip", "open_clip's BiomedCLIP", open_clip_parts,
                                     "biomedclipseg"};

/// medvlsm's BiomedCLIPSeg: the same under `biomedclip.`, with CLIPSeg's decoder.
inline constexpr KeyPart biomedclipseg_parts[] = {{"biomedclip.", open_clip_rules},
                                                  {"decoder.", clipseg_decoder_rules}};
inline constexpr KeyScheme biomedclipseg{"biomedclipseg", "medvlsm's BiomedCLIPSeg",
                                         biomedclipseg_parts, "biomedclipseg"};

}  // namespace vlsm::io
