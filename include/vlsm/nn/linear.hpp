// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// y = x W^T + b on the last dimension. The one place where the library multiplies by a dense
/// weight.
class Linear : public Module {
 public:
  Linear(int in, int out, bool bias = true)
      : weight_(uniform("weight", {out, in}, 1 / std::sqrt(in))),
        bias_(bias ? uniform("bias", {out}, 1 / std::sqrt(in)) : at::Tensor{}) {}

  /// [..., in] -> [..., out]
  at::Tensor forward(at::Tensor const& x) const { return at::linear(x, weight_, bias_); }

  static constexpr long long parameter_count(long long in, long long out, bool bias = true) {
    return in * out + (bias ? out : 0);
  }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

}  // namespace vlsm
