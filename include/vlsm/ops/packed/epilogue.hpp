// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm::ops {

/// What a packed product does to each result before it is written.
enum class Epilogue {
  none,
  relu,
  gelu,   ///< exact, by erf
  swish,  ///< x sigmoid(x)
};

}  // namespace vlsm::ops
