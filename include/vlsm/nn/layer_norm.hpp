// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "vlsm/nn/dropout.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/add_norm/add_norm.hpp"

namespace vlsm {

/// Layer normalization over the last dimension.
class LayerNorm : public Module {
 public:
  /// `eps_digits`: the epsilon is 10^-eps_digits (CLIP 5, timm 6, BERT 12; an integer, since
  /// configurations are template values and clang 14 takes no floating ones).
  LayerNorm(int width, int eps_digits, Backend backend = Backend::fused)
      : width_(width),
        backend_(backend),
        epsilon_(std::pow(10.0, -eps_digits)),
        weight_(constant("weight", {width}, 1)),
        bias_(constant("bias", {width}, 0)) {}

  /// [..., width] -> [..., width]
  at::Tensor forward(at::Tensor const& x) const {
    return at::layer_norm(x, width_, weight_, bias_, epsilon_);
  }

  /// Behind a residual connection: x, of which `dropout` drops a share, + residual, and the norm of
  /// that sum; all [..., width].
  ops::AddNormResult of_sum(at::Tensor const& x, at::Tensor const& residual,
                            double dropout = 0) const {
    return ops::add_norm(x, residual, weight_, bias_, options(dropout), backend_);
  }

  /// The same where nobody reads the sum.
  at::Tensor of_sum_alone(at::Tensor const& x, at::Tensor const& residual) const {
    return ops::norm_of_sum(x, residual, weight_, bias_, options(0), backend_);
  }

  static constexpr long long parameter_count(long long width) { return 2 * width; }

 private:
  ops::AddNormOptions options(double dropout) const {
    return {.epsilon = epsilon_, .dropout = dropout, .seed = dropout > 0 ? fresh_seed() : 0};
  }

  std::int64_t width_;
  Backend backend_;
  double epsilon_;
  at::Tensor weight_, bias_;
};

}  // namespace vlsm
