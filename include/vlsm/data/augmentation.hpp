// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm {

/// Random changes of training pictures, by the definitions and the names of MONAI's transforms.
/// Each happens with its probability, 0 to 1, in this order; all are off.
struct Augmentation {
  double flip = 0;      ///< RandFlip: top to bottom; then, by itself, left to right
  double rotate = 0;    ///< RandRotate: pixels between four, masks the nearest; edges go on
  double degrees = 15;  ///< the largest angle, to either side
  double contrast = 0;  ///< RandAdjustContrast: ((x - min) / range) ^ gamma * range + min
  double least_gamma = 0.7;
  double most_gamma = 1.5;
  double brightness = 0;  ///< RandScaleIntensity: x * (1 + f), pixels in [0, 1] before
  double factor = 0.2;    ///< the largest f, to either side

  bool any() const { return flip > 0 || rotate > 0 || contrast > 0 || brightness > 0; }
};

}  // namespace vlsm
