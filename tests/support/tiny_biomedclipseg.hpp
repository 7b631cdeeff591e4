// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/biomedclipseg.hpp"

// The small BiomedCLIPSeg whose files and outputs are stored under biomedclipseg/tiny_a*.
namespace vlsm::test {

struct TinyBiomed : BiomedClipSeg {
  static constexpr VitConfig vit = [] {
    VitConfig config = timm_vit_b16;
    config.layer.width = 48;
    config.layer.heads = 4;
    config.layer.ffn = 192;
    config.blocks = 6;
    config.grid = 3;
    config.taps = {1, 3, 5};
    config.pooled = 40;
    return config;
  }();
  static constexpr BertTextConfig bert{
      .layer = {.width = 48, .heads = 4, .ffn = 96, .activation = Activation::gelu, .eps = 12},
      .blocks = 2,
      .vocabulary = 400,
      .positions = 40,
      .hidden = 44,
      .sentence = 40};
  using Vision = VisionTransformer<vit>;
  using Text = BertText<bert>;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 4, .ffn = 64}>;
  using Head = RefinedHead<>;
  static constexpr Recipe recipe{.image = 48, .normalize = clip_normalization, .tokens = 24};
};

}  // namespace vlsm::test
