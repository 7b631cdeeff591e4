// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// A low-rank change of some outputs of a linear layer (LoRA, Hu et al. 2022): alpha / rank times
/// x down^T up^T is added to them. `up` starts at 0, so a fresh one changes nothing.
class LowRank : public Adaptation {
 public:
  LowRank(std::int64_t in, std::int64_t out, std::int64_t rank, double alpha)
      : scale_(alpha / static_cast<double>(rank)),
        down_(uniform("down", {rank, in}, 1 / std::sqrt(in))),
        up_(constant("up", {out, rank}, 0)) {}

  std::int64_t size() const { return up_.size(0); }

  /// Adds the change of outputs `first` … `first + count` to y: x [..., in], y [..., count].
  void add_to(at::Tensor y, at::Tensor const& x, std::int64_t first, std::int64_t count) const {
    y.add_(at::linear(at::linear(x, down_), up_.narrow(0, first, count)), scale_);
  }

  /// Adds the change to the weights of those outputs, [size, in].
  void add_weight_to(at::Tensor weight) const {
    weight.add_(at::matmul(up_.detach(), down_.detach()), scale_);
  }

  static constexpr long long parameter_count(long long in, long long out, long long rank) {
    return rank * (in + out);
  }

 private:
  double scale_;
  at::Tensor down_, up_;
};

}  // namespace vlsm
