// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/key_rule.hpp"

namespace vlsm::io {

/// The vision tower of Hugging Face's BLIP.
inline constexpr KeyRule hf_blip_vision_rules[] = {
    {"class_token", "embeddings.class_embedding", Change::squeeze},
    {"patch.", "embeddings.patch_embedding."},
    {"positions", "embeddings.position_embedding", Change::squeeze_positions},
    {"blocks.*.norm1.", "encoder.layers.*.layer_norm1."},
    {"blocks.*.attn.qkv.", "encoder.layers.*.self_attn.qkv."},
    {"blocks.*.attn.out.", "encoder.layers.*.self_attn.projection."},
    {"blocks.*.norm2.", "encoder.layers.*.layer_norm2."},
    {"blocks.*.mlp.up.", "encoder.layers.*.mlp.fc1."},
    {"blocks.*.mlp.down.", "encoder.layers.*.mlp.fc2."},
    {"norm_after.", "post_layernorm."},
};
static_assert(unambiguous(hf_blip_vision_rules));

/// Its BERT with cross attention, which it has twice.
inline constexpr KeyRule hf_blip_text_rules[] = {
    {"words", "embeddings.word_embeddings.weight"},
    {"positions", "embeddings.position_embeddings.weight"},
    {"norm_before.", "embeddings.LayerNorm."},
    {"blocks.*.attn.qkv.", "encoder.layer.*.attention.self.query.", Change::part, 0, 3},
    {"blocks.*.attn.qkv.", "encoder.layer.*.attention.self.key.", Change::part, 1, 3},
    {"blocks.*.attn.qkv.", "encoder.layer.*.attention.self.value.", Change::part, 2, 3},
    {"blocks.*.attn.out.", "encoder.layer.*.attention.output.dense."},
    {"blocks.*.norm1.", "encoder.layer.*.attention.output.LayerNorm."},
    {"blocks.*.cross.qkv.", "encoder.layer.*.crossattention.self.query.", Change::part, 0, 3},
    {"blocks.*.cross.qkv.", "encoder.layer.*.crossattention.self.key.", Change::part, 1, 3},
    {"blocks.*.cross.qkv.", "encoder.layer.*.crossattention.self.value.", Change::part, 2, 3},
    {"blocks.*.cross.out.", "encoder.layer.*.crossattention.output.dense."},
    {"blocks.*.norm_cross.", "encoder.layer.*.crossattention.output.LayerNorm."},
    {"blocks.*.mlp.up.", "encoder.layer.*.intermediate.dense."},
    {"blocks.*.mlp.down.", "encoder.layer.*.output.dense."},
    {"blocks.*.norm2.", "encoder.layer.*.output.LayerNorm."},
    {"", "embeddings.position_ids", Change::drop},
};
static_assert(unambiguous(hf_blip_text_rules));

/// The head of its answer decoder. `decoder.` holds tied tensors a second time: its weights are the
/// token embeddings, its bias is the head's.
inline constexpr KeyRule hf_blip_head_rules[] = {
    {"dense.", "transform.dense."},
    {"norm.", "transform.LayerNorm."},
    {"bias", "bias"},
    {"", "decoder.", Change::drop},
};
static_assert(unambiguous(hf_blip_head_rules));

/// Hugging Face's BlipForQuestionAnswering: Salesforce/blip-vqa-base and -capfilt-large.
inline constexpr KeyPart hf_blip_vqa_parts[] = {
    {"vision_model.", hf_blip_vision_rules, "vision."},
    {"text_encoder.", hf_blip_text_rules, "text."},
    {"text_decoder.bert.", hf_blip_text_rules, "decoder."},
    {"text_decoder.cls.predictions.", hf_blip_head_rules, "head."}};
inline constexpr KeyScheme hf_blip_vqa{"hf_blip_vqa", "Hugging Face's BLIP for question answering",
                                       hf_blip_vqa_parts};

}  // namespace vlsm::io
