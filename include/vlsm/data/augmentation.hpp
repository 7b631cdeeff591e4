// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vlsm {

/// Random changes of training pictures, by the definitions and the names of MONAI's transforms.
/// Each happens with its probability, 0 to 1, in this order; all are off.
struct Augmentation {
  double flip = 0;  ///< RandFlip: vertically, then independently horizontally
  /// RandRotate: bilinear for the picture, nearest for the mask; edge pixels are repeated.
  double rotate = 0;
  double degrees = 15;  ///< the largest angle, to either side
  double contrast = 0;  ///< RandAdjustContrast: ((x - min) / range) ^ gamma * range + min
  double least_gamma = 0.7;
  double most_gamma = 1.5;
  double brightness = 0;  ///< RandScaleIntensity: x * (1 + f), pixels in [0, 1] before
  double factor = 0.2;    ///< the largest f, to either side

  bool any() const { return flip > 0 || rotate > 0 || contrast > 0 || brightness > 0; }
};

/// What may be asked for by name: "color" is contrast and brightness.
inline constexpr std::array<std::string_view, 3> augmentation_names{"flip", "rotate", "color"};

/// The changes of these names, each with the probability 0.5; other names mean nothing.
inline Augmentation augmentation_of(std::vector<std::string> const& names) {
  auto const asked = [&](std::string_view name) {
    return std::ranges::count(names, name) > 0 ? 0.5 : 0.0;
  };
  Augmentation how{.flip = asked("flip"), .rotate = asked("rotate")};
  how.contrast = how.brightness = asked("color");
  return how;
}

/// The names of what it changes: "flip,rotate".
inline std::string names_of(Augmentation const& how) {
  std::string text;
  for (auto const& [name, often] : {std::pair{"flip", how.flip},
                                    {"rotate", how.rotate},
                                    {"color", std::max(how.contrast, how.brightness)}})
    if (often > 0) text += (text.empty() ? "" : ",") + std::string(name);
  return text;
}

}  // namespace vlsm
