// SPDX-License-Identifier: MIT
#pragma once

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

/// The file of a picture of 8 bits with 1 (gray) or 3 channels.
inline std::string png_file(std::uint8_t const* pixels, std::size_t height, std::size_t width,
                            std::size_t channels) {
  if (height == 0 || width == 0 || height > INT_MAX || width > INT_MAX)
    throw Error("a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                    " pixels cannot be written",
                "", "give it at least one pixel");
  auto const parts = png_stream(pixels, height, channels * width, channels);
  if (parts.empty())
    throw Error("the picture cannot be encoded",
                std::to_string(width) + " x " + std::to_string(height), "check the memory left");
  std::string file(png_signature);
  std::string const kind = channels == 1 ? std::string("\x08\0\0\0\0", 5)     // 8 bits, gray
                                         : std::string("\x08\x02\0\0\0", 5);  // 8 bits, RGB
  append_png_chunk(file, "IHDR", big_endian_bytes(width) + big_endian_bytes(height) + kind);
  std::size_t size = file.size() + png_frame;
  for (std::string const& part : parts) size += part.size() + png_frame;
  file.reserve(size);
  for (std::string const& part : parts) append_png_chunk(file, "IDAT", part);
  append_png_chunk(file, "IEND", "");
  return file;
}

}  // namespace detail

VLSM_INLINE std::string encode_png(Image const& image) {
  return detail::png_file(image.data(), image.shape(0), image.shape(1), 3);
}
VLSM_INLINE std::string encode_png(Mask const& mask) {
  return detail::png_file(mask.data(), mask.shape(0), mask.shape(1), 1);
}

VLSM_INLINE void write_png(std::filesystem::path const& path, Image const& image, bool flush) {
  io::write_whole_file(path, encode_png(image), flush);
}
VLSM_INLINE void write_png(std::filesystem::path const& path, Mask const& mask, bool flush) {
  io::write_whole_file(path, encode_png(mask), flush);
}

}  // namespace vlsm
