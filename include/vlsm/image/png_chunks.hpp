// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vlsm/base/file/crc32.hpp"

// The outer layer of a PNG file (ISO 15948): its header, and the chunks behind it.
namespace vlsm::detail {

inline constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";
inline constexpr std::size_t png_header_size = 33;  // signature and IHDR
inline constexpr std::size_t png_frame = 12;        // of a chunk: length, type, checksum

/// Whether these bytes begin as a PNG file does.
inline bool is_png(std::string_view bytes) { return bytes.starts_with(png_signature); }

/// The big-endian number in the `count` bytes from `at`; the caller checks the range.
inline std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count = 4) {
  std::uint32_t value = 0;
  for (char c : bytes.substr(at, count)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// What a PNG's IHDR says (ISO 15948), as it stands in the file.
struct PngHeader {
  std::size_t width, height;
  unsigned depth, color, compression, filter, interlaced;  ///< depth: bits a sample

  bool palette() const { return color == 3; }
  std::size_t channels() const { return palette() ? 1u : 1u + (color & 2u) + (color >> 2 & 1u); }
  /// Bytes of a row of so many pixels, without the byte that names its filter.
  std::size_t row(std::size_t pixels) const { return (pixels * channels() * depth + 7) / 8; }

  /// Whether depth, color and methods are among those that exist.
  bool known() const {
    bool const power = depth == 8 ||
                       ((depth == 1 || depth == 2 || depth == 4) && (color == 0 || color == 3)) ||
                       (depth == 16 && color != 3);
    return power && (color == 0 || color == 2 || color == 3 || color == 4 || color == 6) &&
           compression == 0 && filter == 0 && interlaced <= 1;
  }
};

/// Whether a PNG begins with its header, which tells the size.
inline bool has_png_header(std::string_view bytes) {
  return bytes.size() >= png_header_size &&
         bytes.substr(8, 8) == std::string_view("\0\0\0\rIHDR", 8);
}

/// The header of a file for which `has_png_header` is true.
inline PngHeader png_header(std::string_view bytes) {
  auto const byte = [&](std::size_t at) { return big_endian(bytes, at, 1); };
  return {big_endian(bytes, 16),
          big_endian(bytes, 20),
          byte(24),
          byte(25),
          byte(26),
          byte(27),
          byte(28)};
}

/// The pixels of one pass: every `dx`-th from `x`, every `dy`-th from `y`.
struct PngPass {
  std::size_t x, y, dx, dy;
  std::size_t columns(PngHeader const& of) const {
    return of.width > x ? (of.width - x + dx - 1) / dx : 0;
  }
  std::size_t rows(PngHeader const& of) const {
    return of.height > y ? (of.height - y + dy - 1) / dy : 0;
  }
};

/// Adam7's passes, or the picture as it is.
inline std::span<PngPass const> png_passes(PngHeader const& header) {
  static constexpr std::array<PngPass, 7> adam7{{{0, 0, 8, 8},
                                                 {4, 0, 8, 8},
                                                 {0, 4, 4, 8},
                                                 {2, 0, 4, 4},
                                                 {0, 2, 2, 4},
                                                 {1, 0, 2, 2},
                                                 {0, 1, 1, 2}}};
  static constexpr std::array<PngPass, 1> all{{{0, 0, 1, 1}}};
  if (header.interlaced) return adam7;
  return all;
}

/// The parts of a file that its pixels are made of.
struct PngParts {
  bool whole = false;  ///< all chunks up to the last are there, each with its checksum
  std::string_view palette, transparency;
  std::string data;  ///< the compressed rows
};

/// Walks over the chunks. As in PIL, the rows end with the first other chunk behind them.
inline PngParts png_parts(std::string_view bytes) {
  PngParts parts;
  bool begun = false, ended = false;  // the rows
  for (std::size_t at = png_signature.size(); bytes.size() - at >= png_frame;) {
    std::size_t const length = big_endian(bytes, at);
    if (length > bytes.size() - at - png_frame) return parts;
    std::string_view const chunk = bytes.substr(at + 4, 4 + length), data = chunk.substr(4);
    if (io::crc32(std::as_bytes(std::span(chunk))) != big_endian(bytes, at + 8 + length))
      return parts;
    bool const rows = chunk.starts_with("IDAT");
    if (rows && !ended) {
      begun = true;
      parts.data += data;
    } else if (begun) {
      ended = true;
    } else if (chunk.starts_with("PLTE")) {
      parts.palette = data;
    } else if (chunk.starts_with("tRNS")) {
      parts.transparency = data;
    }
    if (chunk.starts_with("IEND")) {
      parts.whole = true;
      return parts;
    }
    // A chunk that must be understood (a capital first) and that the standard does not know.
    if ((chunk[0] & 0x20) == 0 && !rows && !chunk.starts_with("IHDR") && !chunk.starts_with("PLTE"))
      return parts;
    at += png_frame + length;
  }
  return parts;
}

}  // namespace vlsm::detail
