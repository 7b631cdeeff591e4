// SPDX-License-Identifier: MIT
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/segmenter/registry.hpp"

VLSM_REGISTER_MODEL("unet", vlsm::Unet, .summary = "U-Net over ResNet-50; reads no prompt",
                    .tokenizer = "none", .trains_towers = true, .pretraining = "natural",
                    .batch = 32, .learning_rate = 1e-3);
VLSM_REGISTER_MODEL("unetpp", vlsm::UnetPlusPlus,
                    .summary = "UNet++ over ResNet-50; reads no prompt", .tokenizer = "none",
                    .trains_towers = true, .pretraining = "natural", .batch = 32,
                    .learning_rate = 1e-3);
VLSM_REGISTER_MODEL("deeplabv3plus", vlsm::DeepLabV3Plus,
                    .summary = "DeepLabV3+ over ResNet-50; reads no prompt", .tokenizer = "none",
                    .trains_towers = true, .pretraining = "natural", .batch = 32,
                    .learning_rate = 1e-3);
