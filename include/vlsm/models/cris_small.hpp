// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/clipseg_small.hpp"
#include "vlsm/models/cris.hpp"

namespace vlsm {

/// CRIS in small, for trials on a CPU from random weights: 128 pixels, bytes for tokens.
struct CrisSmall {
  using Vision =
      ClipResNet<ClipResNetConfig{.layers = {1, 1, 1, 1}, .width = 16, .grid = 4, .out = 64}>;
  using Text = ClipText<byte_text>;
  using Fusion = TextFpn<FpnConfig{.width = {32, 64, 64}}>;  // the middle one is the words' width
  using Decoder = CrossDecoder<CrossConfig{.heads = 4, .ffn = 128, .layers = 2, .dropout = 10}>;
  using Head = DynamicHead<>;
  static constexpr Recipe recipe{
      .image = 128, .normalize = clip_normalization, .threshold = 0.35f, .tokens = 192};
};

}  // namespace vlsm
