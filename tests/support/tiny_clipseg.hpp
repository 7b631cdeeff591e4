// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/clipseg.hpp"

// The two small CLIPSeg models whose files and outputs are stored under clipseg/tiny_*.
namespace vlsm::test {

inline constexpr VitConfig tiny_vit{
    .layer = {.width = 64, .heads = 4, .ffn = 128, .activation = Activation::quick_gelu},
    .blocks = 5,
    .patch = 16,
    .grid = 4,
    .taps = {1, 2, 4},
    .count = 3,
    .pooled = 40};
inline constexpr ClipTextConfig tiny_text{
    .layer = {.width = 48, .heads = 3, .ffn = 96, .activation = Activation::quick_gelu},
    .blocks = 3,
    .vocabulary = 640,
    .positions = 20,
    .end = 639,
    .sentence = 40};

struct TinyA : ClipSeg {
  using Vision = VisionTransformer<tiny_vit>;
  using Text = ClipText<tiny_text>;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 64}>;
  using Head = RefinedHead<>;
  static constexpr Recipe recipe{.image = 64, .normalize = imagenet_normalization, .tokens = 20};
};

/// Patches of 8 pixels, exact GELU, a table of 6 x 6 positions seen at 8 x 8, the old end-token
/// rule.
struct TinyB : TinyA {
  static constexpr VitConfig vit = [] {
    VitConfig config = tiny_vit;
    config.layer.activation = Activation::gelu;
    config.patch = 8;
    config.grid = 6;
    return config;
  }();
  static constexpr ClipTextConfig words = [] {
    ClipTextConfig config = tiny_text;
    config.layer.activation = Activation::gelu;
    config.end = largest_id_ends;
    return config;
  }();
  using Vision = VisionTransformer<vit>;
  using Text = ClipText<words>;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 64}>;
  using Head = TransposedHead<>;
};

}  // namespace vlsm::test
