// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace vlsm {

/// Whether three-byte sequences that stand for surrogates (CESU-8, Java, JavaScript) may be read.
enum class Surrogates { refuse, accept };

/// Reads the UTF-8 sequence at `at` into `point`; its length in bytes, or 0 if there is none.
inline std::size_t decode_one(std::string_view bytes, std::size_t at, char32_t& point,
                              Surrogates surrogates) {
  auto const byte = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  unsigned const first = byte(at);
  if (first < 0x80) {
    point = first;
    return 1;
  }
  std::size_t const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  point = first & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    unsigned const next = byte(at + i);
    if ((next & 0xc0) != 0x80) return 0;
    point = (point << 6) | (next & 0x3f);
  }
  constexpr std::array<char32_t, 5> shortest{0, 0, 0x80, 0x800, 0x10000};
  if (point < shortest[length] || point > 0x10ffff) return 0;
  if (point >= 0xd800 && point <= 0xdfff && surrogates == Surrogates::refuse) return 0;
  return length;
}

}  // namespace vlsm
