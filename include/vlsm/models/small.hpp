// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/unet.hpp"

// Models for trials on a CPU, from random weights.
namespace vlsm {

/// A byte-level text tower: 256 bytes, start 256, end 257. It needs no vocabulary.
inline constexpr ClipTextConfig byte_text{
    .layer = {.width = 64, .heads = 4, .ffn = 128, .activation = Activation::gelu},
    .blocks = 2,
    .vocabulary = 258,
    .positions = 192,
    .end = 257,
    .sentence = 64};

/// CLIPSeg in small, for trials on a CPU from random weights: 64 pixels, half a million parameters.
/// The first tap is shallow, since an untrained tower has its edges there.
struct ClipSegTiny {
  static constexpr VitConfig vit{
      .layer = {.width = 96, .heads = 4, .ffn = 192, .activation = Activation::gelu},
      .blocks = 4,
      .patch = 8,
      .grid = 8,
      .taps = {0, 1, 3},
      .count = 3};
  using Vision = VisionTransformer<vit>;
  using Text = ClipText<byte_text>;
  using Fusion = Film<FilmConfig{.width = 48}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 4, .ffn = 192}>;
  using Head = TransposedHead<>;
  static constexpr Recipe recipe{.image = 64, .normalize = imagenet_normalization, .tokens = 192};
};

/// The same at 128 pixels and 16 x 16 patches, for small sets of real pictures.
struct ClipSegSmall : ClipSegTiny {
  static constexpr VitConfig vit = [] {
    VitConfig larger = ClipSegTiny::vit;
    larger.layer.width = 128;
    larger.layer.ffn = 256;
    larger.grid = 16;
    larger.blocks = 6;
    larger.taps = {0, 2, 5};
    return larger;
  }();
  using Vision = VisionTransformer<vit>;
  static constexpr Recipe recipe{.image = 128, .normalize = imagenet_normalization, .tokens = 192};
};

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

/// U-Net in small, for trials on a CPU from random weights: three stages of one block each, 128
/// pixels.
struct UnetSmall : Unet {
  using Vision = ResNet<ResNetConfig{
      .block = Residual::basic, .layers = {1, 1, 1, 0}, .taps = {0, 1, 2, 3}, .count = 4}>;
  using Decoder = UnetDecoder<UnetConfig{.width = 64}>;
  static constexpr Recipe recipe{.image = 128, .normalize = imagenet_normalization};
};

}  // namespace vlsm
