// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vlsm::io {

namespace detail {

/// A CRC of 32 bits; `polynomial` is reflected, the last bit that of the highest power.
template <std::uint32_t polynomial>
std::uint32_t crc32(std::span<std::byte const> bytes) {
  static constexpr std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? polynomial : 0u);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = 0xffffffffu;
  for (std::byte b : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint32_t>(b)) & 0xff];
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
