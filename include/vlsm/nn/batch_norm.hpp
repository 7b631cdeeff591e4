// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// Batch normalization (Ioffe and Szegedy 2015) over all but the channels, with torch's defaults:
/// epsilon 1e-5, and running statistics that move a tenth of the way in each training step.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(int width)
      : weight_(constant("weight", {width}, 1)),
        bias_(constant("bias", {width}, 0)),
        mean_(buffer("running_mean", at::zeros({width}))),
        variance_(buffer("running_var", at::ones({width}))),
        batches_(buffer("num_batches_tracked", at::zeros({}, at::kLong))) {}

  /// [B, width] or [B, width, H, W], likewise.
  at::Tensor forward(at::Tensor const& x) const {
    // A single value has no variance (torch refuses it): the running statistics stand in, so that a
    // last batch of one picture does not end a training.
    bool const learns = is_training() && x.numel() > x.size(1);
    if (learns) at::Tensor(batches_).add_(1);
    return at::batch_norm(x, weight_, bias_, mean_, variance_, learns, 0.1, 1e-5, false);
  }

  static constexpr long long parameter_count(long long width) { return 2 * width; }

 private:
  at::Tensor weight_, bias_, mean_, variance_, batches_;
};

}  // namespace vlsm
