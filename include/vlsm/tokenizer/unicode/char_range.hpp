// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace vlsm::tokenizer::data {

/// The characters first to last, both included.
struct CharRange {
  char32_t first;
  char32_t last;
};

/// Whether `c` is in one of the ranges, which must ascend.
template <std::size_t N>
constexpr bool contains(std::array<CharRange, N> const& ranges, char32_t c) {
  auto const after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t x, CharRange range) { return x < range.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

}  // namespace vlsm::tokenizer::data
