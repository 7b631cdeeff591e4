// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/mask_values.hpp"
#include "vlsm/image/read.hpp"

// Masks as publishers store them, read one by one as levels of 8 bits.
namespace vlsm {

namespace detail {

/// Calls `put(index, color)` with red, green and blue, 0 to 255, of each pixel, row by row.
/// Palettes are looked up, 1 to 4 bits are spread to 0 to 255, of 16 bits the upper eight count
/// (the lower eight where all upper ones are 0). What is transparent is black; where transparency
/// alone makes the mask, the opacity is the gray.
template <class Put>
void for_each_color(RawPicture const& picture, Put const& put) {
  auto const channels = static_cast<std::size_t>(picture.channels);
  bool const gray = channels <= 2;
  unsigned const scale = picture.bits < 8 ? 255u / ((1u << picture.bits) - 1) : 1;
  std::size_t const count = picture.height * picture.width;
  Transparency const transparency(picture);
  bool const by_opacity = transparency.says() == Transparency::Says::mask;
  if (picture.bits == 8 && picture.palette.empty() &&
      transparency.says() == Transparency::Says::nothing) {  // nearly all files
    std::uint8_t const* pixel = picture.bytes.data();
    std::size_t const second = gray ? 0 : 1, third = gray ? 0 : 2;
    for (std::size_t i = 0; i < count; ++i, pixel += channels)
      put(i, std::array{pixel[0], pixel[second], pixel[third]});
    return;
  }
  bool const high = std::ranges::any_of(picture.words, [](auto word) { return word > 255; });
  auto const level = [&](std::size_t at) {
    return picture.bits == 16 ? static_cast<std::uint8_t>(picture.words[at] >> (high ? 8 : 0))
                              : static_cast<std::uint8_t>(picture.bytes[at] * scale);
  };
  for (std::size_t i = 0; i < count; ++i) {
    std::array<std::uint8_t, 3> color{};
    if (by_opacity) {
      color.fill(picture.palette.empty() ? level(i * channels + channels - 1)
                                         : picture.palette[picture.bytes[i]][3]);
    } else if (transparency.seen(i) && !picture.palette.empty()) {
      auto const& entry = picture.palette[picture.bytes[i]];
      color = {entry[0], entry[1], entry[2]};
    } else if (transparency.seen(i)) {
      for (std::size_t c = 0; c < 3; ++c) color[c] = level(i * channels + (gray ? 0 : c));
    }
    put(i, color);
  }
}

/// What PIL's convert('L') makes of a color.
constexpr std::uint8_t luma(std::array<std::uint8_t, 3> const& color) {
  return static_cast<std::uint8_t>(
      (color[0] * 19595u + color[1] * 38470u + color[2] * 7471u + 0x8000u) >> 16);
}

/// The gray levels [H, W] of a mask's file. Where the largest level is 1, 1 is the object. In doubt
/// are masks with colors or levels that are not clearly black or white, and those that stay below
/// 128.
inline SourceMask gray_levels_of(RawPicture const& picture) {
  SourceMask result{.levels = Mask::from_shape({picture.height, picture.width})};
  std::uint8_t* const levels = result.levels.data();
  std::size_t const count = picture.height * picture.width;
  // Pixels that are colored, but darker than 128 in gray; neither black nor white; of level 1.
  std::size_t lost = 0, others = 0, ones = 0;
  std::uint8_t most = 0;
  if (picture.channels == 1 && picture.bits == 8 && picture.palette.empty()) {
    std::copy(picture.bytes.begin(), picture.bytes.end(), levels);
  } else {
    for_each_color(picture, [&](std::size_t i, std::array<std::uint8_t, 3> const& color) {
      levels[i] = luma(color);
      lost += levels[i] < 128 && std::ranges::max(color) >= 128;
    });
  }
  for (std::size_t i = 0; i < count; ++i) {
    most = std::max(most, levels[i]);
    others += levels[i] > 32 && levels[i] < 224;
    ones += levels[i] == 1;
  }
  if (most == 1) {
    for (std::size_t i = 0; i < count; ++i) levels[i] = levels[i] ? 255 : 0;
    return result;
  }
  if (lost > count / 1000)
    result.doubt = std::to_string(lost) +
                   " pixels are colored and darker than gray 128, so they count as background";
  else if (most > 1 && most < 128)
    result.doubt =
        "its levels reach " + std::to_string(most) + ", nothing is 128 or more: no object is found";
  else if (!picture.lossy && ones > count / 100)
    result.doubt = std::to_string(ones) + " pixels are 1 where others reach " +
                   std::to_string(most) + ", so they count as background";
  else if (others > count / (picture.lossy ? 4 : 100))
    result.doubt = std::to_string(others) +
                   " pixels are neither black nor white; from 128 on they count as the object";
  return result;
}

}  // namespace detail

/// The gray levels [H, W] of a mask's file, as detail::gray_levels_of. Throws Error for one that
/// cannot be read.
inline SourceMask gray_levels(std::filesystem::path const& path) {
  return detail::gray_levels_of(read_raw_picture(path));
}

namespace detail {

/// The levels [H, W], 0 and 255, of a mask whose object is red or green: 255 where either reaches
/// 128, or, in a file whose largest level is 1, where either is 1. In doubt are masks of other
/// colors and those that stay below 128. Throws Error for a file that cannot be read.
inline SourceMask red_or_green(std::filesystem::path const& path) {
  RawPicture const picture = read_raw_picture(path);
  SourceMask result{.levels = Mask::from_shape({picture.height, picture.width})};
  constexpr std::uint8_t noise = 64;  // levels that JPEG may add to black
  std::uint8_t most = 0;
  std::size_t blue = 0, others = 0;  // neither black nor in a color
  for_each_color(picture, [&](std::size_t i, std::array<std::uint8_t, 3> const& color) {
    std::uint8_t const level = std::max(color[0], color[1]);
    result.levels.data()[i] = level;
    most = std::max(most, level);
    blue += level < 128 && color[2] >= 128;
    others += level > noise && level < 168;
  });
  for (std::uint8_t& level : result.levels) level = level >= 128 || (most == 1 && level) ? 255 : 0;
  if (blue > result.levels.size() / 1000)
    result.doubt = std::to_string(blue) + " pixels are blue, so they count as background";
  else if (others > result.levels.size() / 4)
    result.doubt = std::to_string(others) + " pixels are neither black nor red or green";
  else if (most > (picture.lossy ? noise : 1) && most < 128)
    result.doubt = "its levels of red and green reach " + std::to_string(most) +
                   ", nothing is 128 or more: no object is found";
  return result;
}

}  // namespace detail

}  // namespace vlsm
