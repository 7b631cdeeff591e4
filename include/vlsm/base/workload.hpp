// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm {

/// The work that one image and one prompt make; what `flops<A>()` counts with.
struct Workload {
  int height = 0;  ///< pixels
  int width = 0;   ///< pixels
  int tokens = 0;  ///< prompt length, start and end tokens included
};

/// Multiply-adds count as two operations, as hardware vendors and ptflops count them.
constexpr long long linear_flops(long long rows, long long in, long long out) {
  return 2 * rows * in * out;
}

}  // namespace vlsm
