// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "vlsm/base/work.hpp"
#include "vlsm/nn/module.hpp"

namespace vlsm {

/// The sizes of a 2D convolution.
struct ConvConfig {
  int in = 0;      ///< channels
  int out = 0;     ///< channels
  int kernel = 1;  ///< cells a side
  int stride = 1;
  int padding = 0;
  int dilation = 1;
  int groups = 1;
  bool bias = true;
};

/// A 2D convolution, [B, in, H, W] -> [B, out, H', W'].
class Conv : public Module {
 public:
  explicit Conv(ConvConfig c)
      : config_(c),
        weight_(uniform("weight", {c.out, c.in / c.groups, c.kernel, c.kernel}, bound(c))),
        bias_(c.bias ? uniform("bias", {c.out}, bound(c)) : at::Tensor{}) {}

  at::Tensor forward(at::Tensor const& x) const {
    return at::conv2d(x, weight_, bias_, config_.stride, config_.padding, config_.dilation,
                      config_.groups);
  }

  static constexpr long long parameter_count(ConvConfig c) {
    return c.out * (1LL * c.in / c.groups * c.kernel * c.kernel + c.bias);
  }
  /// Of a map of `cells` outputs.
  static constexpr long long flops(ConvConfig c, long long cells) {
    return linear_flops(cells, 1LL * c.in / c.groups * c.kernel * c.kernel, c.out);
  }

 private:
  static double bound(ConvConfig c) { return 1 / std::sqrt(c.in / c.groups * c.kernel * c.kernel); }

  ConvConfig config_;
  at::Tensor weight_, bias_;
};

/// A transposed 2D convolution whose stride is its kernel: each cell becomes kernel x kernel
/// pixels, [B, in, H, W] -> [B, out, kernel H, kernel W].
class Upsample : public Module {
 public:
  Upsample(int in, int out, int kernel)
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
