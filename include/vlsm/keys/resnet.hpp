// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/key_rule.hpp"

namespace vlsm::io {

/// Residual networks as torchvision, timm and segmentation_models_pytorch (`encoder.`) name them.
inline constexpr KeyRule resnet_rules[] = {
    {"vision.stem.conv.", "conv1."},
    {"vision.stem.norm.", "bn1."},
    {"vision.layer*.*.conv1.conv.", "layer*.*.conv1."},
    {"vision.layer*.*.conv1.norm.", "layer*.*.bn1."},
    {"vision.layer*.*.conv2.conv.", "layer*.*.conv2."},
    {"vision.layer*.*.conv2.norm.", "layer*.*.bn2."},
    {"vision.layer*.*.conv3.conv.", "layer*.*.conv3."},
    {"vision.layer*.*.conv3.norm.", "layer*.*.bn3."},
    {"vision.layer*.*.shortcut.conv.", "layer*.*.downsample.0."},
    {"vision.layer*.*.shortcut.norm.", "layer*.*.downsample.1."},
    {"unused.fc.", "fc."},  // ImageNet's classes
};
static_assert(unambiguous(resnet_rules));

inline constexpr KeyPart resnet_parts[] = {{"", resnet_rules}};
inline constexpr KeyScheme resnet{"resnet", "an ImageNet ResNet", resnet_parts,
                                  "unet, unetpp and deeplabv3plus"};

}  // namespace vlsm::io
