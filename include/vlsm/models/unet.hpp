// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/recipe.hpp"
#include "vlsm/decoder/unet.hpp"
#include "vlsm/decoder/unetpp.hpp"
#include "vlsm/fusion/pass_through.hpp"
#include "vlsm/head/conv.hpp"
#include "vlsm/segmenter/segmenter.hpp"
#include "vlsm/text/no_text.hpp"
#include "vlsm/vision/resnet.hpp"

namespace vlsm {

/// U-Net over a ResNet-50, one of the study's image-only baselines; weights:
/// segmentation_models_pytorch's, or torchvision's or timm's ImageNet encoder to start from.
struct Unet {
  using Vision = ResNet<resnet50>;
  using Text = NoText;
  using Fusion = PassThrough<>;
  using Decoder = UnetDecoder<>;
  using Head = ConvHead<>;
  static constexpr Recipe recipe{.image = 256, .normalize = imagenet_normalization};
};

/// UNet++ over a ResNet-50, one of the study's image-only baselines.
struct UnetPlusPlus : Unet {
  using Decoder = UnetPlusPlusDecoder<>;
};

}  // namespace vlsm
