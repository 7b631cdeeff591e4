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

// The state dicts of segmentation_models_pytorch with a ResNet encoder.
namespace vlsm::io {

/// Unet.
inline constexpr KeyRule smp_unet_rules[] = {
    {"decoder.blocks.*.conv1.conv.", "decoder.blocks.*.conv1.0."},
    {"decoder.blocks.*.conv1.norm.", "decoder.blocks.*.conv1.1."},
    {"decoder.blocks.*.conv2.conv.", "decoder.blocks.*.conv2.0."},
    {"decoder.blocks.*.conv2.norm.", "decoder.blocks.*.conv2.1."},
    {"head.conv.", "segmentation_head.0."},
};
static_assert(unambiguous(smp_unet_rules));
inline constexpr KeyPart smp_unet_parts[] = {{"encoder.", resnet_rules}, {"", smp_unet_rules}};
inline constexpr KeyScheme smp_unet{"smp_unet", "segmentation_models_pytorch's Unet",
                                    smp_unet_parts, "unet"};

/// UnetPlusPlus.
inline constexpr KeyRule smp_unetpp_rules[] = {
    {"decoder.x_*_*.conv1.conv.", "decoder.blocks.x_*_*.conv1.0."},
    {"decoder.x_*_*.conv1.norm.", "decoder.blocks.x_*_*.conv1.1."},
    {"decoder.x_*_*.conv2.conv.", "decoder.blocks.x_*_*.conv2.0."},
    {"decoder.x_*_*.conv2.norm.", "decoder.blocks.x_*_*.conv2.1."},
    {"head.conv.", "segmentation_head.0."},
};
static_assert(unambiguous(smp_unetpp_rules));
inline constexpr KeyPart smp_unetpp_parts[] = {{"encoder.", resnet_rules}, {"", smp_unetpp_rules}};
inline constexpr KeyScheme smp_unetpp{"smp_unetpp", "segmentation_models_pytorch's UnetPlusPlus",
                                      smp_unetpp_parts, "unetpp"};

/// DeepLabV3Plus.
inline constexpr KeyRule smp_deeplabv3plus_rules[] = {
    {"decoder.pyramid.point.conv.", "decoder.aspp.0.convs.0.0."},
    {"decoder.pyramid.point.norm.", "decoder.aspp.0.convs.0.1."},
    {"decoder.pyramid.rates.0.depthwise.", "decoder.aspp.0.convs.1.0.0."},
    {"decoder.pyramid.rates.0.pointwise.conv.", "decoder.aspp.0.convs.1.0.1."},
    {"decoder.pyramid.rates.0.pointwise.norm.", "decoder.aspp.0.convs.1.1."},
    {"decoder.pyramid.rates.1.depthwise.", "decoder.aspp.0.convs.2.0.0."},
    {"decoder.pyramid.rates.1.pointwise.conv.", "decoder.aspp.0.convs.2.0.1."},
    {"decoder.pyramid.rates.1.pointwise.norm.", "decoder.aspp.0.convs.2.1."},
    {"decoder.pyramid.rates.2.depthwise.", "decoder.aspp.0.convs.3.0.0."},
    {"decoder.pyramid.rates.2.pointwise.conv.", "decoder.aspp.0.convs.3.0.1."},
    {"decoder.pyramid.rates.2.pointwise.norm.", "decoder.aspp.0.convs.3.1."},
    {"decoder.pyramid.mean.conv.", "decoder.aspp.0.convs.4.1."},
    {"decoder.pyramid.mean.norm.", "decoder.aspp.0.convs.4.2."},
    {"decoder.pyramid.gather.conv.", "decoder.aspp.0.project.0."},
    {"decoder.pyramid.gather.norm.", "decoder.aspp.0.project.1."},
    {"decoder.smooth.depthwise.", "decoder.aspp.1.0."},
    {"decoder.smooth.pointwise.conv.", "decoder.aspp.1.1."},
    {"decoder.smooth.pointwise.norm.", "decoder.aspp.2."},
    {"decoder.reduce.conv.", "decoder.block1.0."},
    {"decoder.reduce.norm.", "decoder.block1.1."},
    {"decoder.mix.depthwise.", "decoder.block2.0.0."},
    {"decoder.mix.pointwise.conv.", "decoder.block2.0.1."},
    {"decoder.mix.pointwise.norm.", "decoder.block2.1."},
    {"head.conv.", "segmentation_head.0."},
};
static_assert(unambiguous(smp_deeplabv3plus_rules));
inline constexpr KeyPart smp_deeplabv3plus_parts[] = {{"encoder.", resnet_rules},
                                                      {"", smp_deeplabv3plus_rules}};
inline constexpr KeyScheme smp_deeplabv3plus{"smp_deeplabv3plus",
                                             "segmentation_models_pytorch's DeepLabV3Plus",
                                             smp_deeplabv3plus_parts, "deeplabv3plus"};

}  // namespace vlsm::io
