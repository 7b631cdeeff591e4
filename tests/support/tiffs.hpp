// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

// TIFF files made byte by byte.
namespace vlsm::test {

using Tags = std::vector<std::array<std::uint32_t, 4>>;  // tag, type, count, value

/// A little-endian TIFF of one directory, its pixels behind it.
inline std::string tiff(Tags const& tags, std::string const& pixels) {
  auto const little = [](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  std::string text = std::string("II*\0", 4) + little(8, 4);
  text += little(static_cast<std::uint32_t>(tags.size()), 2);
  for (auto const& [tag, type, count, value] : tags)
    text += little(tag, 2) + little(type, 2) + little(count, 4) + little(value, 4);
  return text + little(0, 4) + pixels;
}

/// Gray of 8 bits in one strip, with some tags told otherwise.
inline std::string gray_tiff(std::uint32_t width, std::uint32_t height, std::string const& pixels,
                             Tags const& otherwise = {}) {
  Tags tags = {{256, 4, 1, width},  {257, 4, 1, height},
               {258, 3, 1, 8},      {259, 3, 1, 1},
               {262, 3, 1, 1},      {273, 4, 1, 0},
               {274, 3, 1, 1},      {277, 3, 1, 1},
               {278, 4, 1, height}, {279, 4, 1, static_cast<std::uint32_t>(pixels.size())},
               {339, 3, 1, 1}};
  for (auto& tag : tags)
    for (auto const& other : otherwise)
      if (other[0] == tag[0]) tag = other;
  for (auto& tag : tags)
    if (tag[0] == 273 && tag[3] == 0)
      tag[3] = static_cast<std::uint32_t>(10 + 12 * tags.size() + 4);
  return tiff(tags, pixels);
}

}  // namespace vlsm::test
