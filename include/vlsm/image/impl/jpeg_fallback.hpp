// SPDX-License-Identifier: MIT
#pragma once

#ifndef VLSM_LIBJPEG
#include <climits>
#include <memory>
#include <optional>
#include <string_view>

#include "vlsm/core/stb_image.hpp"
#include "vlsm/image/jpeg_segments.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// The samples of a JPEG whose size is checked, by stb_image, which rounds otherwise than libjpeg;
/// nothing where the file is damaged or cut off.
inline std::optional<RawPicture> decode_jpeg(std::string_view bytes, JpegFrame const& frame) {
  if (bytes.size() > INT_MAX) return std::nullopt;
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
