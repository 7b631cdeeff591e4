// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/conv_block.hpp"

namespace vlsm {

/// A 3x3 convolution within each channel, a 1x1 convolution between them, batch norm, ReLU
/// (Chollet 2017).
class SeparableBlock : public Module {
 public:
  SeparableBlock(int in, int out, int dilation = 1)
      : depthwise_(child<Conv>("depthwise", depthwise(in, dilation))),
        pointwise_(child<ConvBlock>("pointwise", conv1x1(in, out))) {}

  /// [B, in, H, W] -> [B, out, H, W]
  at::Tensor forward(at::Tensor const& x) const {
    return pointwise_->forward(depthwise_->forward(x));
  }

  static constexpr long long parameter_count(int in, int out) {
    return Conv::parameter_count(depthwise(in, 1)) + ConvNorm::parameter_count(conv1x1(in, out));
  }
  static constexpr long long flops(int in, int out, long long cells) {
    return Conv::flops(depthwise(in, 1), cells) + linear_flops(cells, in, out);
  }

 private:
  static constexpr ConvConfig depthwise(int in, int dilation) {
    return {.in = in,
            .out = in,
            .kernel = 3,
            .padding = dilation,
            .dilation = dilation,
            .groups = in,
            .bias = false};
  }

  std::shared_ptr<Conv> depthwise_;
  std::shared_ptr<ConvBlock> pointwise_;
};

}  // namespace vlsm
