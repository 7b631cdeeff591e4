// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vlsm::io {

namespace detail {

/// A CRC of 32 bits; `polynomial` is reflected, the last bit that of the highest power. Eight bytes
/// at a time: table k is what a byte becomes k bytes later, so that the eight lookups wait for each
/// other no longer (Kounavis and Berry 2008, "slicing by 8").
template <std::uint32_t polynomial>
std::uint32_t crc32(std::span<std::byte const> bytes) {
  static constexpr std::array<std::array<std::uint32_t, 256>, 8> tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? polynomial : 0u);
      made[0][i] = value;
    }
    for (std::size_t k = 1; k < 8; ++k)
      for (std::size_t i = 0; i < 256; ++i)
        made[k][i] = (made[k - 1][i] >> 8) ^ made[0][made[k - 1][i] & 0xff];
    return made;
  }();
  auto const at = [&](std::size_t i) { return static_cast<std::uint32_t>(bytes[i]); };
  std::uint32_t crc = 0xffffffffu;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    crc ^= at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
    crc = tables[7][crc & 0xff] ^ tables[6][crc >> 8 & 0xff] ^ tables[5][crc >> 16 & 0xff] ^
          tables[4][crc >> 24] ^ tables[3][at(4)] ^ tables[2][at(5)] ^ tables[1][at(6)] ^
          tables[0][at(7)];
  }
  for (std::byte b : bytes)
    crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<std::uint32_t>(b)) & 0xff];
  return ~crc;
}

}  // namespace detail

/// CRC-32 as zip and PNG use it (ISO 3309: polynomial 0x04c11db7).
inline std::uint32_t crc32(std::span<std::byte const> bytes) {
  return detail::crc32<0xedb88320u>(bytes);
}

/// CRC-32C (Castagnoli: polynomial 0x1edc6f41), the checksum of TFRecords.
inline std::uint32_t crc32c(std::span<std::byte const> bytes) {
  return detail::crc32<0x82f63b78u>(bytes);
}

}  // namespace vlsm::io
