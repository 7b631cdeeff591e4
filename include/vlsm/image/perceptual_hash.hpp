// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// What a picture shows, in 64 bits: whether each of 9 x 8 areas' mean gray is below that of its
/// neighbor to the right. Copies that were scaled, or stored anew with other bytes, differ in few
/// bits. A picture of one gray has 0.
inline std::uint64_t perceptual_hash(Image const& image) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  constexpr std::size_t rows = 8, columns = 9;
  std::array<double, rows * columns> means{};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      std::size_t const top = std::min(r * height / rows, height - 1);
      std::size_t const left = std::min(c * width / columns, width - 1);
      std::size_t const bottom = std::max(top + 1, (r + 1) * height / rows);
      std::size_t const right = std::max(left + 1, (c + 1) * width / columns);
      std::uint64_t sum = 0;
      for (std::size_t y = top; y < bottom; ++y) {
        std::uint8_t const* const pixel = image.data() + (y * width + left) * 3;
        for (std::size_t i = 0; i < 3 * (right - left); ++i) sum += pixel[i];
      }
      means[r * columns + c] =
          static_cast<double>(sum) / static_cast<double>((bottom - top) * (right - left));
    }
  std::uint64_t hash = 0;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c + 1 < columns; ++c)
      hash = hash << 1 | (means[r * columns + c] < means[r * columns + c + 1] ? 1u : 0u);
  return hash;
}

/// In how many of 64 bits two of them differ.
constexpr int hash_distance(std::uint64_t a, std::uint64_t b) { return std::popcount(a ^ b); }

}  // namespace vlsm
