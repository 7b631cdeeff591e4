// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace vlsm {

/// "[2, 3, 352, 352]", for error messages. `Sizes` is at::IntArrayRef or any list of integers.
template <class Sizes>
std::string shape_text(Sizes const& sizes) {
  std::string text = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i ? ", " : "") + std::to_string(sizes[i]);
  return text + "]";
}

}  // namespace vlsm
