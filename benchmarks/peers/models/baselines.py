# SPDX-License-Identifier: MIT
"""segmentation_models_pytorch's U-Net, U-Net++ and DeepLabV3+ over a ResNet-50."""
import segmentation_models_pytorch as smp

CLASSES = {"unet": smp.Unet, "unetpp": smp.UnetPlusPlus, "deeplabv3plus": smp.DeepLabV3Plus}


def build(name):
    return CLASSES[name](encoder_name="resnet50", encoder_weights=None, in_channels=3, classes=1)
