// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/recipe.hpp"
#include "vlsm/decoder/deeplabv3plus.hpp"
#include "vlsm/fusion/pass_through.hpp"
#include "vlsm/head/conv.hpp"
#include "vlsm/segmenter/segmenter.hpp"
#include "vlsm/text/no_text.hpp"
#include "vlsm/vision/resnet.hpp"

namespace vlsm {

/// ResNet-50 with a dilated last stage, and the two maps that DeepLabV3+ reads.
inline constexpr ResNetConfig resnet50_dilated = [] {
  ResNetConfig config = resnet50;
  config.taps = {1, 4};
  config.count = 2;
  config.output_stride = 16;
  return config;
}();

/// DeepLabV3+ over a ResNet-50, one of the study's image-only baselines.
struct DeepLabV3Plus {
  using Vision = ResNet<resnet50_dilated>;
  using Text = NoText;
  using Fusion = PassThrough<>;
  using Decoder = DeepLabV3PlusDecoder<>;
  using Head = ConvHead<ConvHeadConfig{.kernel = 1}>;
  static constexpr Recipe recipe{.image = 256, .normalize = imagenet_normalization};
};

}  // namespace vlsm
