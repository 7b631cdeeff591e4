// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace vlsm::ops {

/// How a convolution's kernel moves over its map, alike in both directions.
struct ConvSteps {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

}  // namespace vlsm::ops
