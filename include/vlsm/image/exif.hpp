// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vlsm::detail {

/// The orientation (tag 0x0112, 1 to 8) in the first directory of EXIF data, which is laid out as a
/// TIFF file; 1 where it is missing or the data are damaged.
inline int exif_orientation(std::string_view tiff) {
  bool const little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return 1;
  auto const number = [&](std::size_t at, std::size_t count) -> std::uint32_t {
    std::uint32_t value = 0;
    if (at > tiff.size() || tiff.size() - at < count) return 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value << 8 | static_cast<unsigned char>(tiff[at + (little ? count - 1 - i : i)]);
    return value;
  };
  std::size_t const directory = number(4, 4), entries = number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    std::size_t const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) break;
    if (number(entry, 2) != 0x0112) continue;
    std::uint32_t const value = number(entry + 8, number(entry + 2, 2) == 4 ? 4 : 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace vlsm::detail
