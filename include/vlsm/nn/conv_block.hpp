// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/batch_norm.hpp"
#include "vlsm/nn/conv.hpp"

namespace vlsm {

/// A convolution without bias, then batch norm (which has one).
class ConvNorm : public Module {
 public:
  explicit ConvNorm(ConvConfig c)
      : conv_(child<Conv>("conv", without_bias(c))), norm_(child<BatchNorm>("norm", c.out)) {}

  /// [B, in, H, W] -> [B, out, H', W']
  at::Tensor forward(at::Tensor const& x) const {
    return is_prepared() ? conv_->forward(x) : norm_->forward(conv_->forward(x));
  }
  /// The same, then ReLU.
  at::Tensor relu(at::Tensor const& x) const {
    return is_prepared() ? conv_->relu(x) : at::relu(forward(x));
  }
  /// The same of maps that are read as if concatenated along the channels.
  at::Tensor relu(std::vector<ops::ConvolutionInput> const& maps) const {
    return is_prepared() ? conv_->relu(maps) : relu(ops::joined(maps));
  }
  /// The same and a residual [B, out, H', W'], then ReLU.
  at::Tensor plus_relu(at::Tensor const& x, at::Tensor const& residual) const {
    return is_prepared() ? conv_->plus_relu(x, residual) : at::relu(forward(x) + residual);
  }

  static constexpr long long parameter_count(ConvConfig c) {
    return Conv::parameter_count(without_bias(c)) + BatchNorm::parameter_count(c.out);
  }

 private:
  void make_ready(Preparation const& how) override {
    auto const [scale, shift] = norm_->scale_and_shift();
    conv_->fold(scale, shift);
    conv_->prepare(how);
  }

  static constexpr ConvConfig without_bias(ConvConfig c) {
    c.bias = false;
    return c;
  }

  std::shared_ptr<Conv> conv_;
  std::shared_ptr<BatchNorm> norm_;
};

/// Convolution, batch norm, ReLU: what convolutional towers and decoders are made of.
class ConvBlock : public ConvNorm {
 public:
  using ConvNorm::ConvNorm;

  at::Tensor forward(at::Tensor const& x) const { return relu(x); }
  at::Tensor forward(std::vector<ops::ConvolutionInput> const& maps) const { return relu(maps); }
};

/// A 3x3 convolution; at stride 1 it keeps the size.
constexpr ConvConfig conv3x3(int in, int out, int stride = 1) {
  return {.in = in, .out = out, .kernel = 3, .stride = stride, .padding = 1};
}
/// A 1x1 convolution: a linear layer a cell.
constexpr ConvConfig conv1x1(int in, int out, int stride = 1) {
  return {.in = in, .out = out, .stride = stride};
}

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
