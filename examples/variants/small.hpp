// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/models/unet.hpp"

// The published architectures in the size of ClipSegTiny: 64 pixels, bytes for tokens, so that a
// variant of any of them trains in about a minute from random weights.
namespace vlsm::variants {

/// ClipSegTiny's text tower with the padding that CRIS wants.
inline constexpr ClipTextConfig cris_byte_text = [] {
  ClipTextConfig config = byte_text;
  config.padding = TextPadding::zero_masked;
  return config;
}();

struct CrisTiny : Cris {
  using Vision =
      ClipResNet<ClipResNetConfig{.layers = {1, 1, 1, 1}, .width = 16, .grid = 2, .out = 128}>;
  using Text = ClipText<cris_byte_text>;
  using Fusion = TextFpn<FpnConfig{.width = {32, 64, 64}}>;
  using Decoder = CrossDecoder<CrossConfig{.heads = 4, .ffn = 128, .layers = 2}>;
  static constexpr Recipe recipe{.image = 64, .normalize = clip_normalization, .tokens = 192};
};

/// BERT over bytes; 0 is its padding.
inline constexpr BertTextConfig byte_bert{
    .layer = {.width = 64, .heads = 4, .ffn = 128, .activation = Activation::gelu, .eps = 12},
    .blocks = 2,
    .vocabulary = 258,
    .positions = 192,
    .hidden = 64,
    .sentence = 64};

struct BiomedClipSegTiny : ClipSegTiny {
  static constexpr VitConfig vit = [] {
    VitConfig timm = ClipSegTiny::vit;
    timm.layer.eps = 6;
    timm.norm_before = false;
    timm.patch_bias = true;
    return timm;
  }();
  using Vision = VisionTransformer<vit>;
  using Text = BertText<byte_bert>;
  static constexpr Recipe recipe{.image = 64, .normalize = clip_normalization, .tokens = 192};
};

struct UnetTiny : Unet {
  using Vision = ResNet<ResNetConfig{
      .block = Residual::basic, .layers = {1, 1, 1, 1}, .taps = {0, 1, 2, 3}, .count = 4}>;
  using Decoder = UnetDecoder<UnetConfig{.width = 64}>;
  static constexpr Recipe recipe{.image = 64, .normalize = imagenet_normalization, .tokens = 192};
};

}  // namespace vlsm::variants
