// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// What a picture shows, in 256 bits.
using PerceptualHash = std::array<std::uint64_t, 4>;

/// The difference hash of a picture [H, W, 3]: whether each of 16 x 16 areas' mean gray is below
/// that of its neighbor to the right. Copies that were scaled, or stored anew with other bytes,
/// differ in few bits; pictures that have nothing in common in about half of them.
inline PerceptualHash perceptual_hash(Image const& image) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  constexpr std::size_t rows = 16, columns = 17;
  PerceptualHash hash{};
  for (std::size_t r = 0; r < rows; ++r) {
    std::size_t const top = std::min(r * height / rows, height - 1);
    std::size_t const bottom = std::max(top + 1, (r + 1) * height / rows);
    double before = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      std::size_t const left = std::min(c * width / columns, width - 1);
      std::size_t const right = std::max(left + 1, (c + 1) * width / columns);
      std::uint64_t sum = 0;
      for (std::size_t y = top; y < bottom; ++y) {
        std::uint8_t const* const pixel = image.data() + (y * width + left) * 3;
        for (std::size_t i = 0; i < 3 * (right - left); ++i) sum += pixel[i];
      }
      double const mean =
          static_cast<double>(sum) / static_cast<double>((bottom - top) * (right - left));
      if (c > 0 && before < mean) hash[r / 4] |= std::uint64_t{1} << (r % 4 * 16 + c - 1);
      before = mean;
    }
  }
  return hash;
}

/// In how many of 256 bits two of them differ.
constexpr int hash_distance(PerceptualHash const& a, PerceptualHash const& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) bits += std::popcount(a[i] ^ b[i]);
  return bits;
}

}  // namespace vlsm
