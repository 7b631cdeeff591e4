// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/compiled.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/core/stb_write.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/io/atomic_file.hpp"

namespace vlsm {

VLSM_INLINE std::string encode_png(Image const& image) {
  std::string bytes;
  auto const append = [](void* out, void* data, int size) {
    static_cast<std::string*>(out)->append(static_cast<char const*>(data),
                                           static_cast<std::size_t>(size));
  };
  auto const height = static_cast<int>(image.shape(0)), width = static_cast<int>(image.shape(1));
  if (!detail::stb::stbi_write_png_to_func(append, &bytes, width, height, 3, image.data(),
                                           3 * width))
    throw Error("the picture cannot be encoded",
                std::to_string(width) + " x " + std::to_string(height), "check the memory left");
  return bytes;
}

VLSM_INLINE void write_png(std::filesystem::path const& path, Image const& image, bool flush) {
  std::string const bytes = encode_png(image);
  io::AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit(flush);
}

}  // namespace vlsm
