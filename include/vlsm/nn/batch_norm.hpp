// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "vlsm/nn/module.hpp"
#include "vlsm/nn/synced_batch_norm.hpp"

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

  /// From now on a batch that trains is what `sums` adds up over processes; null: what this process
  /// sees. It must live as long as it is set, and as the gradients of what was computed.
  void synchronize_by(BatchSums* sums) { sums_ = sums; }

  /// [B, width] or [B, width, H, W], likewise.
  at::Tensor forward(at::Tensor const& x) const {
    if (is_prepared()) return at::addcmul(per_channel(bias_, x), x, per_channel(weight_, x));
    if (sums_ && is_training()) {
      bool moved = false;
      at::Tensor const y =
          synced_batch_norm(x, {weight_, bias_, mean_, variance_, 0.1, epsilon}, *sums_, moved);
      if (moved) at::Tensor(batches_).add_(1);
      return y;
    }
    // A single value has no variance (torch refuses it): the running statistics stand in, so that a
    // last batch of one picture does not end a training.
    bool const learns = is_training() && x.numel() > x.size(1);
    if (learns) at::Tensor(batches_).add_(1);
    return at::batch_norm(x, weight_, bias_, mean_, variance_, learns, 0.1, epsilon, false);
  }

  /// What it does in evaluation, as y = scale x + shift, [width] each.
  std::pair<at::Tensor, at::Tensor> scale_and_shift() const {
    at::Tensor const scale = weight_.detach() / at::sqrt(variance_ + epsilon);
    return {scale, bias_.detach() - mean_ * scale};
  }

  static constexpr long long parameter_count(long long width) { return 2 * width; }

 private:
  static constexpr double epsilon = 1e-5;

  // Prepared, weight and bias are what scale_and_shift says.
  void make_ready(Preparation const& how) override {
    auto const [scale, shift] = scale_and_shift();
    weight_.set_data(scale.to(how.type));
    bias_.set_data(shift.to(how.type));
  }

  // vector [width] in a shape that meets x [B, width] or [B, width, H, W]
  static at::Tensor per_channel(at::Tensor const& vector, at::Tensor const& x) {
    return x.dim() == 4 ? vector.view({-1, 1, 1}) : vector;
  }

  at::Tensor weight_, bias_, mean_, variance_, batches_;
  BatchSums* sums_ = nullptr;
};

/// Whether `module` itself is a batch norm: this one, LibTorch's in a block of one's own, or
/// whatever else keeps running statistics under their name.
inline bool is_batch_norm(torch::nn::Module const& module) {
  return module.named_buffers(/*recurse=*/false).contains("running_mean");
}

}  // namespace vlsm
