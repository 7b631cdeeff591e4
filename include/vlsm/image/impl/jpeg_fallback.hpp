// SPDX-License-Identifier: MIT
#pragma once

#ifndef VLSM_LIBJPEG
#include <climits>
#include <memory>
#include <optional>
#include <string_view>

#include "vlsm/base/stb_image.hpp"
#include "vlsm/image/jpeg_segments.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// Whether each scan's Huffman tables stand before it: stb reads beyond one that it never built.
/// (libjpeg takes the usual tables then, as the frames of a film ask for.)
inline bool scans_have_tables(std::string_view bytes, JpegFrame const& frame) {
  JpegBytes const all(bytes);
  bool there[2][4] = {};  // for the first coefficient, for the others
  return each_segment(all, [&](unsigned marker, std::size_t at) {
    std::string_view data = all.segment(at);
    auto const number = [&](std::size_t i) { return static_cast<unsigned char>(data[i]); };
    if (marker == 0xc4) {  // sound, as is checked before
      while (!data.empty()) {
        std::size_t codes = 0;
        for (std::size_t i = 1; i <= 16; ++i) codes += number(i);
        there[number(0) >> 4][number(0) & 3] = true;
        data.remove_prefix(17 + codes);
      }
    } else if (marker == 0xda) {
      std::size_t const count = data.empty() ? 0 : number(0), last = 1 + 2 * count;
      if (count == 0 || data.size() < last + 3) return false;
      bool const progressive = frame.marker == 0xc2, first = number(last) == 0;
      for (std::size_t i = 0; i < count; ++i) {
        unsigned const tables = number(2 + 2 * i), dc = tables >> 4, ac = tables & 15;
        if (dc > 3 || ac > 3 || (first && !there[0][dc]) ||
            ((!first || !progressive) && !there[1][ac]))
          return false;
      }
    }
    return true;
  });
}

/// The samples of a JPEG whose size is checked, by stb_image, which rounds otherwise than libjpeg;
/// nothing where the file is damaged or cut off.
inline std::optional<RawPicture> decode_jpeg(std::string_view bytes, JpegFrame const& frame,
                                             RgbPlace const&) {
  if (bytes.size() > INT_MAX || !scans_have_tables(bytes, frame)) return std::nullopt;
  int width = 0, height = 0, own = 0;
  int const channels = frame.channels == 1 ? 1 : 3;
  std::unique_ptr<stb::stbi_uc, void (*)(void*)> const pixels(
      stb::vlsm_stbi_load_from_memory(reinterpret_cast<stb::stbi_uc const*>(bytes.data()),
                                      static_cast<int>(bytes.size()), &width, &height, &own,
                                      channels),
      stb::vlsm_stbi_image_free);
  if (!pixels || static_cast<std::size_t>(height) != frame.height ||
      static_cast<std::size_t>(width) != frame.width)
    return std::nullopt;
  RawPicture picture{
      .height = frame.height, .width = frame.width, .channels = channels, .bits = 8, .lossy = true};
  picture.bytes.assign(
      pixels.get(), pixels.get() + frame.height * frame.width * static_cast<std::size_t>(channels));
  return picture;
}

}  // namespace vlsm::detail
#endif
