// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// A transposed 2D convolution whose stride is its kernel: each cell becomes kernel x kernel
/// pixels, [B, in, H, W] -> [B, out, kernel H, kernel W].
class TransposedConv : public Module {
 public:
  TransposedConv(int in, int out, int kernel)
      : stride_(kernel),
        weight_(uniform("weight", {in, out, kernel, kernel}, 1 / std::sqrt(out * kernel * kernel))),
        bias_(uniform("bias", {out}, 1 / std::sqrt(out * kernel * kernel))) {}

  at::Tensor forward(at::Tensor const& x) const {
    return at::conv_transpose2d(x, weight_, bias_, stride_);
  }

  static constexpr long long parameter_count(int in, int out, int kernel) {
    return out * (1LL * in * kernel * kernel + 1);
  }

 private:
  std::int64_t stride_;
  at::Tensor weight_, bias_;
};

}  // namespace vlsm
