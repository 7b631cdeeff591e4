// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <charconv>

namespace tool {

/// The shortest decimal that is this float: 0.35, not 0.3499999940395355.
inline double shortest(float number) {
  std::array<char, 32> text{};
  char const* const end = std::to_chars(text.begin(), text.end(), number).ptr;
  double same = number;
  std::from_chars(text.data(), end, same);
  return same;
}

}  // namespace tool
