// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/openai.hpp"

namespace vlsm::io {

/// CRIS beside its backbone (cris_best.pth, where `module.` stands before each key, and medvlsm's
/// flat conversion).
inline constexpr KeyRule cris_rules[] = {
    {"vision.pool.connect.conv.", "backbone.visual.attnpool.connect.0."},
    {"vision.pool.connect.norm.", "backbone.visual.attnpool.connect.1."},

    {"fusion.sentence.", "neck.txt_proj.0."},
    {"fusion.sentence_norm.", "neck.txt_proj.1."},
    {"fusion.gate_norm.", "neck.norm_layer.0."},
    {"fusion.deep.conv.", "neck.f1_v_proj.0."},
    {"fusion.deep.norm.", "neck.f1_v_proj.1."},
    {"fusion.middle.conv.", "neck.f2_v_proj.0."},
    {"fusion.middle.norm.", "neck.f2_v_proj.1."},
    {"fusion.merge4.conv.", "neck.f2_cat.0."},
    {"fusion.merge4.norm.", "neck.f2_cat.1."},
    {"fusion.shallow.conv.", "neck.f3_v_proj.0."},
    {"fusion.shallow.norm.", "neck.f3_v_proj.1."},
    {"fusion.merge3.conv.", "neck.f3_cat.0."},
    {"fusion.merge3.norm.", "neck.f3_cat.1."},
    {"fusion.query5.conv.", "neck.f4_proj5.0."},
    {"fusion.query5.norm.", "neck.f4_proj5.1."},
    {"fusion.query4.conv.", "neck.f4_proj4.0."},
    {"fusion.query4.norm.", "neck.f4_proj4.1."},
    {"fusion.query3.conv.", "neck.f4_proj3.0."},
    {"fusion.query3.norm.", "neck.f4_proj3.1."},
    {"fusion.gather.conv.", "neck.aggr.0."},
    {"fusion.gather.norm.", "neck.aggr.1."},
    {"fusion.locate.conv.", "neck.coordconv.0.conv1.0."},
    {"fusion.locate.norm.", "neck.coordconv.0.conv1.1."},
    {"fusion.refine.conv.", "neck.coordconv.1.0."},
    {"fusion.refine.norm.", "neck.coordconv.1.1."},

    {"decoder.layers.*.norm1.", "decoder.layers.*.norm1."},
    {"decoder.layers.*.self.qkv.weight", "decoder.layers.*.self_attn.in_proj_weight"},
    {"decoder.layers.*.self.qkv.bias", "decoder.layers.*.self_attn.in_proj_bias"},
    {"decoder.layers.*.self.out.", "decoder.layers.*.self_attn.out_proj."},
    {"decoder.layers.*.self_norm.", "decoder.layers.*.self_attn_norm."},
    {"decoder.layers.*.norm2.", "decoder.layers.*.norm2."},
    {"decoder.layers.*.cross.qkv.weight", "decoder.layers.*.multihead_attn.in_proj_weight"},
    {"decoder.layers.*.cross.qkv.bias", "decoder.layers.*.multihead_attn.in_proj_bias"},
    {"decoder.layers.*.cross.out.", "decoder.layers.*.multihead_attn.out_proj."},
    {"decoder.layers.*.cross_norm.", "decoder.layers.*.cross_attn_norm."},
    {"decoder.layers.*.norm3.", "decoder.layers.*.norm3."},
    {"decoder.layers.*.up.", "decoder.layers.*.ffn.0."},
    {"decoder.layers.*.ffn_norm.", "decoder.layers.*.ffn.3."},
    {"decoder.layers.*.down.", "decoder.layers.*.ffn.4."},
    {"decoder.norm.", "decoder.norm."},

    {"head.steps.0.conv.", "proj.vis.1.0."},
    {"head.steps.0.norm.", "proj.vis.1.1."},
    {"head.steps.1.conv.", "proj.vis.3.0."},
    {"head.steps.1.norm.", "proj.vis.3.1."},
    {"head.last.", "proj.vis.4."},
    {"head.sentence.", "proj.txt."},
};
static_assert(unambiguous(cris_rules));

inline constexpr KeyPart cris_parts[] = {{"backbone.", openai_resnet_rules},
                                         {"backbone.", openai_text_rules},
                                         {"backbone.", clip_scale_rules},
                                         {"", cris_rules}};
inline constexpr KeyScheme cris{"cris", "CRIS", cris_parts, "cris"};

}  // namespace vlsm::io
