// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// Where a mask of the picture's size lies: tinted, with a solid outline. [H, W, 3]
inline Image overlay(Image const& image, Mask const& mask,
                     std::array<std::uint8_t, 3> color = {64, 224, 96}) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  Image result = image;
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t const* const inside = mask.data() + y * width;  // above 127
    std::uint8_t* pixel = result.data() + y * width * 3;
    for (std::size_t x = 0; x < width; ++x, pixel += 3) {
      if (inside[x] <= 127) continue;
      bool const border = y == 0 || x == 0 || y + 1 == height || x + 1 == width ||
                          inside[x - 1] <= 127 || inside[x + 1] <= 127 ||
                          (inside - width)[x] <= 127 || inside[x + width] <= 127;
      for (std::size_t c = 0; c < 3; ++c)
        pixel[c] = border ? color[c] : static_cast<std::uint8_t>((pixel[c] * 3 + color[c] * 2) / 5);
    }
  }
  return result;
}

/// A picture with a line along the inside of a mask's border, a 150th of its shorter side thick:
/// what was drawn by hand, over what was found. [H, W, 3]
inline Image outlined(Image image, Mask const& mask,
                      std::array<std::uint8_t, 3> color = {255, 255, 255}) {
  auto const height = static_cast<std::ptrdiff_t>(image.shape(0)),
             width = static_cast<std::ptrdiff_t>(image.shape(1));
  std::ptrdiff_t const thick = std::max<std::ptrdiff_t>(1, std::min(height, width) / 150);
  auto const inside = [&](std::ptrdiff_t y, std::ptrdiff_t x) {
    return y >= 0 && x >= 0 && y < height && x < width && mask(y, x) > 127;
  };
  for (std::ptrdiff_t y = 0; y < height; ++y)
    for (std::ptrdiff_t x = 0; x < width; ++x)
      if (inside(y, x) && !(inside(y, x - thick) && inside(y, x + thick) && inside(y - thick, x) &&
                            inside(y + thick, x)))
        std::copy(color.begin(), color.end(), &image(y, x, 0));
  return image;
}

}  // namespace vlsm
