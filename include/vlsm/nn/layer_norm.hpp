// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// Layer normalisation over the last dimension.
class LayerNorm : public Module {
 public:
  /// `eps_digits`: the epsilon is 10^-eps_digits (CLIP 5, timm 6, BERT 12; an integer, since
  /// configurations are template values and clang 14 takes no floating ones).
  LayerNorm(int width, int eps_digits)
      : width_(width),
        epsilon_(std::pow(10.0, -eps_digits)),
        weight_(constant("weight", {width}, 1)),
        bias_(constant("bias", {width}, 0)) {}

  /// [..., width] -> [..., width]
  at::Tensor forward(at::Tensor const& x) const {
    return at::layer_norm(x, width_, weight_, bias_, epsilon_);
  }

  static constexpr long long parameter_count(long long width) { return 2 * width; }

 private:
  std::int64_t width_;
  double epsilon_;
  at::Tensor weight_, bias_;
};

}  // namespace vlsm
