// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "vlsm/base/file/crc32.hpp"

// PNG files made byte by byte, with the lies a test wants them to tell.
namespace vlsm::test {

inline std::string big(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string png_chunk(std::string const& type, std::string const& data) {
  std::string const body = type + data;
  return big(static_cast<std::uint32_t>(data.size())) + body +
         big(io::crc32(std::as_bytes(std::span(body))));
}

/// A zlib stream of one stored block; at most 65,535 bytes.
inline std::string stored_zlib(std::string const& raw) {
  auto const size = static_cast<std::uint16_t>(raw.size()),
             inverse = static_cast<std::uint16_t>(~size);
  std::uint32_t a = 1, b = 0;
  for (unsigned char c : raw) a = (a + c) % 65521, b = (b + a) % 65521;
  std::string stream = "\x78\x01\x01";
  for (std::uint16_t number : {size, inverse})
    stream += {static_cast<char>(number & 0xff), static_cast<char>(number >> 8)};
  return stream + raw + big(b << 16 | a);
}

enum PngColor : char { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgb_alpha = 6 };

/// A PNG whose header says what it is told to, around `extra` chunks (PLTE, tRNS) and a zlib
/// stream.
inline std::string png_of_stream(std::uint32_t width, std::uint32_t height, char depth,
                                 PngColor color, std::string const& stream,
                                 std::string const& extra = "", char interlaced = 0) {
  std::string const header = big(width) + big(height) + std::string{depth, color, 0, 0, interlaced};
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + extra + png_chunk("IDAT", stream) +
         png_chunk("IEND", "");
}

/// The same around `rows`, each with its filter byte.
inline std::string png(std::uint32_t width, std::uint32_t height, char depth, PngColor color,
                       std::string const& rows, std::string const& extra = "",
                       char interlaced = 0) {
  return png_of_stream(width, height, depth, color, stored_zlib(rows), extra, interlaced);
}

/// A zlib stream of `pairs` times 516 zeros and one more, in 26 bits a pair: "as the byte before,
/// 258 times", twice.
inline std::string zlib_of_zeros(std::size_t pairs) {
  std::string stream = "\x78\x01";
  unsigned bits = 0, count = 0;
  auto const put = [&](unsigned value, unsigned length) {
    for (unsigned i = 0; i < length; ++i) {
      bits |= (value >> i & 1u) << count;
      if (++count == 8) stream += static_cast<char>(bits), bits = count = 0;
    }
  };
  put(0b011, 3);       // the last block, fixed codes
  put(0b00001100, 8);  // the byte 0
  for (std::size_t i = 0; i < 2 * pairs; ++i) put(0b10100011, 8), put(0, 5);
  put(0, 7 + 7);           // the end, and bits to fill the last byte
  return stream + big(0);  // a checksum that stb does not look at
}

/// A gray picture of one value.
inline std::string plain_png(std::uint32_t width, std::uint32_t height, char value) {
  std::string rows;
  for (std::uint32_t y = 0; y < height; ++y)
    rows += std::string(1, '\0') + std::string(width, value);
  return png(width, height, 8, gray, rows);
}

/// A picture of 16 x 12 pixels with some structure.
inline std::string small_png() {
  std::string rows;
  for (int y = 0; y < 12; ++y) {
    rows += '\0';
    for (int x = 0; x < 16; ++x)
      for (int value : {16 * x, 20 * y, 255 - 16 * x}) rows += static_cast<char>(value);
  }
  return png(16, 12, 8, rgb, rows);
}

}  // namespace vlsm::test
