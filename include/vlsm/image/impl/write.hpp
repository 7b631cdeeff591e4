// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/image/impl/png_stream.hpp"
#include "vlsm/image/png_chunks.hpp"
#include "vlsm/image/write.hpp"

namespace vlsm {

namespace detail {

inline std::string big_endian_bytes(std::size_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline void append_png_chunk(std::string& file, std::string_view type, std::string_view data) {
  file += big_endian_bytes(data.size());
  std::size_t const from = file.size();
  (file += type) += data;
  auto const summed = std::span(file).subspan(from);
  file += big_endian_bytes(io::crc32(std::as_bytes(summed)));
}

}  // namespace detail

VLSM_INLINE std::string encode_png(Image const& image) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  if (height == 0 || width == 0 || height > INT_MAX || width > INT_MAX)
    throw Error("a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                    " pixels cannot be written",
                "", "give it at least one pixel");
  auto const parts = detail::png_stream(image.data(), height, 3 * width);
  if (parts.empty())
    throw Error("the picture cannot be encoded",
                std::to_string(width) + " x " + std::to_string(height), "check the memory left");
  std::string file(detail::png_signature);
  detail::append_png_chunk(file, "IHDR",
                           detail::big_endian_bytes(width) + detail::big_endian_bytes(height) +
                               std::string("\x08\x02\0\0\0", 5));  // 8 bits, RGB
  std::size_t size = file.size() + detail::png_frame;
  for (std::string const& part : parts) size += part.size() + detail::png_frame;
  file.reserve(size);
  for (std::string const& part : parts) detail::append_png_chunk(file, "IDAT", part);
  detail::append_png_chunk(file, "IEND", "");
  return file;
}

VLSM_INLINE void write_png(std::filesystem::path const& path, Image const& image, bool flush) {
  std::string const bytes = encode_png(image);
  io::AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit(flush);
}

}  // namespace vlsm
