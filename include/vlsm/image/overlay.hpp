// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// Where a mask of the picture's size lies: tinted, with a solid outline. [H, W, 3]
inline Image overlay(Image const& image, Mask const& mask,
                     std::array<std::uint8_t, 3> color = {64, 224, 96}) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  Image result = image;
  auto const inside = [&](std::size_t y, std::size_t x) { return mask(y, x) > 127; };
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      if (!inside(y, x)) continue;
      bool const border = y == 0 || x == 0 || y + 1 == height || x + 1 == width ||
                          !inside(y - 1, x) || !inside(y + 1, x) || !inside(y, x - 1) ||
                          !inside(y, x + 1);
      for (std::size_t c = 0; c < 3; ++c)
        result(y, x, c) =
            border ? color[c] : static_cast<std::uint8_t>((image(y, x, c) * 3 + color[c] * 2) / 5);
    }
  return result;
}

}  // namespace vlsm
