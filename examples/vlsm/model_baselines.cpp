// SPDX-License-Identifier: MIT
#include "model_list.hpp"
#include "model_of.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unetpp.hpp"

namespace tool {

ModelInfo unet() {
  return info_of<vlsm::Unet>("unet", "U-Net over ResNet-50; reads no prompt", "none", true);
}
ModelInfo unetpp() {
  return info_of<vlsm::UnetPlusPlus>("unetpp", "UNet++ over ResNet-50; reads no prompt", "none",
                                     true);
}
ModelInfo deeplabv3plus() {
  return info_of<vlsm::DeepLabV3Plus>("deeplabv3plus", "DeepLabV3+ over ResNet-50; reads no prompt",
                                      "none", true);
}

}  // namespace tool
