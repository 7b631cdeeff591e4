// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// Calls `put` with the red, green and blue of each pixel, as PIL's convert('RGB') makes them.
template <class Put>
void each_rgb(RawPicture const& picture, Put put) {
  std::size_t const pixels = picture.height * picture.width,
                    channels = static_cast<std::size_t>(picture.channels);
  std::size_t const green = channels > 2 ? 1 : 0, blue = channels > 2 ? 2 : 0;
  auto const* bytes = picture.bytes.data();
  auto const* words = picture.words.data();
  if (!picture.palette.empty()) {
    for (std::size_t i = 0; i < pixels; ++i) {
      auto const& color = picture.palette[bytes[i]];
      put(color[0], color[1], color[2]);
    }
  } else if (picture.bits == 16 && channels == 1) {  // PIL does not scale: it cuts off at 255
    for (std::size_t i = 0; i < pixels; ++i) {
      auto const level = static_cast<std::uint8_t>(std::min<std::uint16_t>(words[i], 255));
      put(level, level, level);
    }
  } else if (picture.bits == 16) {
    auto const high = [](std::uint16_t word) { return static_cast<std::uint8_t>(word >> 8); };
    for (std::size_t i = 0; i < pixels; ++i, words += channels)
      put(high(words[0]), high(words[green]), high(words[blue]));
  } else {
    auto const scale = static_cast<std::uint8_t>(255 / ((1 << picture.bits) - 1));
    for (std::size_t i = 0; i < pixels; ++i, bytes += channels)
      put(static_cast<std::uint8_t>(bytes[0] * scale),
          static_cast<std::uint8_t>(bytes[green] * scale),
          static_cast<std::uint8_t>(bytes[blue] * scale));
  }
}

}  // namespace vlsm::detail
