// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vlsm/io/crc32.hpp"

// Damage that stb lets pass and PIL refuses: a PNG with wrong checksums, a JPEG that is cut off
// (its lower part would come out grey).
namespace vlsm::detail {

inline constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";
inline constexpr std::size_t png_header = 33;  // signature and IHDR

inline bool is_png(std::string_view bytes) { return bytes.starts_with(png_signature); }
inline bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

/// The big-endian number in the `count` bytes from `at`; the caller checks the range.
inline std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count = 4) {
  std::uint32_t value = 0;
  for (char c : bytes.substr(at, count)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// Whether a PNG begins with its header, which tells the size; else the decoder would find another
/// header behind.
inline bool has_png_header(std::string_view bytes) {
  return bytes.size() >= png_header && bytes.substr(8, 8) == std::string_view("\0\0\0\rIHDR", 8);
}

/// The most that decoding a PNG with such a header takes in one piece, in bytes: its file in
/// doubling steps, its rows (interlaced ones are up to twice as large), or its pixels. A file that
/// unpacks to more lies about its size.
inline std::size_t png_limit(std::string_view bytes) {
  std::size_t const width = big_endian(bytes, 16), height = big_endian(bytes, 20);
  auto const depth = static_cast<unsigned char>(bytes[24]),
             color = static_cast<unsigned char>(bytes[25]);
  std::size_t const channels = color == 3 ? 1u : 1u + (color & 2u) + (color >> 2 & 1u);
  std::size_t const rows = height * (1 + channels * ((width * depth + 7) / 8)),
                    pixels = width * height * (depth == 16 ? 8 : 4);
  return std::max(2 * rows, pixels) + 2 * bytes.size() + (1u << 16);
}

/// Whether the chunks of a PNG are there up to the last one, each with its checksum.
inline bool whole_png(std::string_view bytes) {
  constexpr std::size_t frame = 12;  // length, type, checksum
  for (std::size_t at = png_signature.size(); bytes.size() - at >= frame;) {
    std::size_t const length = big_endian(bytes, at);
    if (length > bytes.size() - at - frame) return false;
    std::string_view const chunk = bytes.substr(at + 4, 4 + length);
    if (io::crc32(std::as_bytes(std::span(chunk))) != big_endian(bytes, at + 8 + length))
      return false;
    if (chunk.starts_with("IEND")) return true;
    at += frame + length;
  }
  return false;
}

/// Whether a JPEG goes on to its end marker.
inline bool whole_jpeg(std::string_view bytes) {
  for (std::size_t at = bytes.find('\xff', 2); at < bytes.size() - 1; at = bytes.find('\xff', at)) {
    auto const marker = static_cast<unsigned char>(bytes[at + 1]);
    if (marker == 0xd9) return true;
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    at += 2;
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8))
      continue;  // in the data of a scan, or alone
    if (bytes.size() - at < 2) return false;
    at += big_endian(bytes, at, 2);  // beyond the end nothing is found
  }
  return false;
}

}  // namespace vlsm::detail
