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

  /// Only the outputs from `first` on, `count` of them: [..., in] -> [..., count]
  at::Tensor rows(at::Tensor const& x, std::int64_t first, std::int64_t count) const {
    return at::linear(x, weight_.narrow(0, first, count), bias_.narrow(0, first, count));
  }

  static constexpr long long parameter_count(long long in, long long out, bool bias = true) {
    return in * out + (bias ? out : 0);
  }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

}  // namespace vlsm
