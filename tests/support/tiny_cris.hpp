// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/cris.hpp"

// The small CRIS whose files and outputs are stored under cris/tiny_a*.
namespace vlsm::test {

inline constexpr ClipTextConfig tiny_cris_text{
    .layer = {.width = 64, .heads = 1, .ffn = 256, .activation = Activation::quick_gelu},
    .blocks = 2,
    .vocabulary = 500,
    .positions = 20,
    .end = 499,
    .sentence = 64,
    .padding = TextPadding::zero_masked};

struct TinyCris : Cris {
  using Vision =
      ClipResNet<ClipResNetConfig{.layers = {1, 1, 2, 1}, .width = 8, .grid = 2, .out = 64}>;
  using Text = ClipText<tiny_cris_text>;
  using Fusion = TextFpn<FpnConfig{.width = {32, 64, 96}}>;
  using Decoder = CrossDecoder<CrossConfig{.heads = 4, .ffn = 96, .layers = 2, .dropout = 20}>;
  using Head = DynamicHead<>;
  static constexpr Recipe recipe{
      .image = 96, .normalize = clip_normalization, .threshold = 0.35f, .tokens = 17};
};

inline constexpr ClipTextConfig tiny_cris_text_padded = [] {
  ClipTextConfig config = tiny_cris_text;
  config.padding = TextPadding::end_attended;
  return config;
}();

struct TinyCrisPadded : TinyCris {
  using Text = ClipText<tiny_cris_text_padded>;
};

}  // namespace vlsm::test
