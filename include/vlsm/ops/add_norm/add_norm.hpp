// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "vlsm/ops/backend.hpp"

namespace vlsm::ops {

/// How the sum is made and normalized.
struct AddNormOptions {
  double epsilon = 1e-5;              ///< is added to the variance
  double dropout = 0;                 ///< share of x that is dropped, below 1
  std::int64_t seed = 0, offset = 0;  ///< of Philox, which decides what is dropped
};

/// What add_norm returns, both of the shape of x.
struct AddNormResult {
  at::Tensor norm, sum;
};

/// A residual connection and the layer normalization (Ba et al. 2016) of its sum:
/// sum = dropout(x) + residual, norm = (sum - mean) / sqrt(variance + epsilon) weight + bias.
///
/// x and residual are [..., C], weight and bias [C]. Differentiable, without atomics: the same bits
/// every time. Backend::fused reads x and the residual once (on a GPU, rows of up to 2048 numbers)
/// and takes types as autocast mixes them: both results are of the type of x + residual, float32,
/// float16 or bfloat16, weight and bias of that type or float32, and each gradient is of its
/// tensor's. Anything else is left to ATen's operations, which draw dropout by themselves. Throws
/// Error for shapes that do not fit each other.
AddNormResult add_norm(at::Tensor const& x, at::Tensor const& residual, at::Tensor const& weight,
                       at::Tensor const& bias, AddNormOptions const& options = {},
                       Backend backend = Backend::fused);

/// The norm [..., C] of `add_norm` alone: where the sum is not read, it need not be written. Throws
/// Error for shapes that do not fit each other.
at::Tensor norm_of_sum(at::Tensor const& x, at::Tensor const& residual, at::Tensor const& weight,
                       at::Tensor const& bias, AddNormOptions const& options = {},
                       Backend backend = Backend::fused);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/add_norm/impl/add_norm.hpp"
#endif
