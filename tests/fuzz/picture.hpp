// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "fuzz/fuzz.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm::fuzz {

/// Reads a picture from memory. Of those that claim to be large only the header is read: what a
/// size may be is checked there, and to decode a million pixels of nothing only takes time.
inline void read_picture(std::uint8_t const* data, std::size_t size) {
  constexpr std::size_t most_pixels = 1u << 16;
  if (size == 0) return;
  only_errors([&] {
    detail::PictureFile file(std::string(reinterpret_cast<char const*>(data), size), "file");
    PictureHeader const header = detail::picture_header(file);
    if (header.width * header.height > most_pixels) return;
    RawPicture const picture = detail::raw_picture(file);
    std::size_t const samples =
        picture.height * picture.width * static_cast<std::size_t>(picture.channels);
    require(picture.height == header.height && picture.width == header.width,
            "a picture is as large as its header says");
    require((picture.bits == 16 ? picture.words.size() : picture.bytes.size()) == samples,
            "a picture has all its samples");
    require(picture.palette.empty() || picture.palette.size() == 256, "a palette is filled up");
    unsigned volatile sum = 0;
    detail::each_rgb(picture,
                     [&](auto red, auto green, auto blue) { sum = sum + red + green + blue; });
  });
}

}  // namespace vlsm::fuzz
