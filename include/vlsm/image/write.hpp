// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "vlsm/core/stb.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/io/atomic_file.hpp"

namespace vlsm {

/// The bytes of a PNG file of an RGB picture.
inline std::string encode_png(Image const& image) {
  std::string bytes;
  auto const append = [](void* out, void* data, int size) {
    static_cast<std::string*>(out)->append(static_cast<char const*>(data),
                                           static_cast<std::size_t>(size));
  };
  auto const height = static_cast<int>(image.shape(0)), width = static_cast<int>(image.shape(1));
  if (!stbi_write_png_to_func(append, &bytes, width, height, 3, image.data(), 3 * width))
    throw Error("the picture cannot be encoded",
                std::to_string(width) + " x " + std::to_string(height), "check the memory left");
  return bytes;
}

/// Writes a PNG file; nothing is left behind where that fails. `flush`: wait for the disk.
inline void write_png(std::filesystem::path const& path, Image const& image, bool flush = true) {
  std::string const bytes = encode_png(image);
  io::AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit(flush);
}

/// A mask as a picture of three equal channels, the form in which the study writes predictions.
inline Image as_image(Mask const& mask) {
  Image image = Image::from_shape({mask.shape(0), mask.shape(1), 3});
  for (std::size_t i = 0; i < mask.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) image.data()[3 * i + c] = mask.data()[i];
  return image;
}

}  // namespace vlsm
