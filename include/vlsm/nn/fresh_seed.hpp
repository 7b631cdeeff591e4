// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>

namespace vlsm {

/// A seed for a kernel that draws its own dropout, from PyTorch's generator: at::manual_seed makes
/// a training repeatable.
inline std::int64_t fresh_seed() {
  return at::randint(std::numeric_limits<std::int64_t>::max(), {}, at::kLong).item<std::int64_t>();
}

}  // namespace vlsm
