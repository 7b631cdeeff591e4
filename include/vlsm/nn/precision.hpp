// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm {

/// What a model computes in. The weights that an optimizer moves and its moments stay float32.
enum class Precision {
  fp32,
  bf16,  ///< weights and activations rounded (rounded_weights.hpp), sums within products in float32
  int8,  ///< for inference on a CPU: factors of dense products are bytes (see vlsm::prepare)
};

}  // namespace vlsm
