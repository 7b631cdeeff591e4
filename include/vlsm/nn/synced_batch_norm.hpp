// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

namespace vlsm {

/// Adds up over processes what batch norms need of a batch that they share.
class BatchSums {
 public:
  virtual ~BatchSums() = default;
  /// Replaces `values`, float64 on the model's device, by their sums over all processes, each of
  /// which calls this as often and with the same shape.
  virtual void all_reduce(at::Tensor& values) = 0;
  /// Whether this process's examples are part of the batch. Where it has none it computes with one
  /// that only stands in, since the others wait for its calls.
  virtual bool counts() const = 0;
};

/// What a training batch norm needs beside its input; all of [C].
struct BatchNormState {
  at::Tensor weight, bias, mean, variance;
  double momentum = 0.1, epsilon = 1e-5;
};

/// Batch normalization of `x`, [B, C] or [B, C, H, W], by mean and variance over the rows of all
/// processes; the gradient likewise. Moves the running `mean` and `variance` by them, in every
/// process alike. Where all rows together are a single value, which has no variance, the running
/// statistics stand in and nothing moves. `moved`: whether they did.
at::Tensor synced_batch_norm(at::Tensor const& x, BatchNormState const& state, BatchSums& sums,
                             bool& moved);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/nn/impl/synced_batch_norm.hpp"
#endif
