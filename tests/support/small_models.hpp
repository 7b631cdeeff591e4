// SPDX-License-Identifier: MIT
#pragma once

#include "support/tiny_cris.hpp"
#include "vlsm/adapt/dense.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"

// The baselines at a small size, and a CRIS with adapters: what has batch norms and dropout.
namespace vlsm::test {

inline constexpr ResNetConfig small_resnet{
    .block = Residual::basic, .layers = {1, 1, 1, 1}, .width = 16};
inline constexpr UnetConfig small_steps{.width = 64};
inline constexpr ResNetConfig small_dilated = [] {
  ResNetConfig config = small_resnet;
  config.taps = {1, 4};
  config.count = 2;
  config.output_stride = 16;
  return config;
}();
struct SmallUnet : Unet {
  using Vision = ResNet<small_resnet>;
  using Fusion = PassThrough<>;
  using Decoder = UnetDecoder<small_steps>;
  using Head = ConvHead<>;
  static constexpr Recipe recipe{.image = 64, .normalize = imagenet_normalization};
};
struct SmallUnetpp : SmallUnet {
  using Decoder = UnetPlusPlusDecoder<small_steps>;
  using Head = ConvHead<>;
};
struct SmallDeepLab : DeepLabV3Plus {
  using Vision = ResNet<small_dilated>;
  using Fusion = PassThrough<>;
  using Decoder = DeepLabV3PlusDecoder<DeepLabConfig{.width = 64, .shallow = 16}>;
  using Head = ConvHead<ConvHeadConfig{.kernel = 1}>;
  static constexpr Recipe recipe{.image = 64, .normalize = imagenet_normalization};
};
struct AdaptedCris : TinyCris {
  using Text = DenseAdapters<ClipText<tiny_cris_text>, DenseConfig{.width = 8, .blocks = 2}>;
};

}  // namespace vlsm::test
