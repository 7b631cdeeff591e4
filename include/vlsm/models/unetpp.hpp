// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/decoder/unetpp.hpp"
#include "vlsm/models/unet.hpp"

namespace vlsm {

/// UNet++ over a ResNet-50, one of the study's image-only baselines.
struct UnetPlusPlus : Unet {
  using Decoder = UnetPlusPlusDecoder<>;
};

}  // namespace vlsm
