// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// The bytes of a PNG file of an RGB picture, the same for the same picture wherever zlib packs.
/// Throws Error for a picture without pixels.
std::string encode_png(Image const& image);

/// The same of one channel, [H, W].
std::string encode_png(Mask const& mask);

/// Writes a PNG file; `flush`: waits for the disk. Throws Error for a picture without pixels and a
/// file that cannot be written, of which nothing is left behind.
void write_png(std::filesystem::path const& path, Image const& image, bool flush = true);

/// The same of one channel, [H, W].
void write_png(std::filesystem::path const& path, Mask const& mask, bool flush = true);

/// A mask as a picture of three equal channels, the form in which the study writes predictions.
inline Image as_image(Mask const& mask) {
  Image image = Image::from_shape({mask.shape(0), mask.shape(1), 3});
  std::uint8_t* out = image.data();
  for (std::uint8_t const *level = mask.data(), *end = level + mask.size(); level < end; ++level)
    for (std::size_t c = 0; c < 3; ++c) *out++ = *level;
  return image;
}

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/image/impl/write.hpp"
#endif
