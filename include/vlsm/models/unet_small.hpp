// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/unet.hpp"

namespace vlsm {

/// U-Net in small, for trials on a CPU from random weights: three stages of one block each, 128
/// pixels.
struct UnetSmall : Unet {
  using Vision = ResNet<ResNetConfig{
      .block = Residual::basic, .layers = {1, 1, 1, 0}, .taps = {0, 1, 2, 3}, .count = 4}>;
  using Decoder = UnetDecoder<UnetConfig{.width = 64}>;
  static constexpr Recipe recipe{.image = 128, .normalize = imagenet_normalization};
};

}  // namespace vlsm
