// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "vlsm/base/workload.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/packed/conv.hpp"

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
    if (packed_) return packed_->run(x);
    return at::conv2d(x, weight_, bias_, config_.stride, config_.padding, config_.dilation,
                      config_.groups);
  }
  /// The same, then ReLU.
  at::Tensor relu(at::Tensor const& x) const {
    return packed_ ? packed_->run(x, ops::Epilogue::relu) : at::relu(forward(x));
  }
  /// The same of maps that are read as if concatenated along the channels.
  at::Tensor relu(std::vector<ops::ConvolutionInput> const& maps) const {
    return packed_ ? packed_->run(maps, ops::Epilogue::relu) : relu(ops::joined(maps));
  }
  /// The same and a residual [B, out, H', W'], then ReLU.
  at::Tensor plus_relu(at::Tensor const& x, at::Tensor const& residual) const {
    return packed_ ? packed_->plus_relu(x, residual) : at::relu(forward(x) + residual);
  }

  /// Folds scale [out] and shift [out] of what this convolution writes into it.
  void fold(at::Tensor const& scale, at::Tensor const& shift) {
    at::Tensor const bias = bias_.defined() ? bias_.detach() * scale + shift : shift;
    weight_.set_data(weight_.detach() * scale.view({-1, 1, 1, 1}));
    if (bias_.defined())
      bias_.set_data(bias);
    else
      bias_ = bias;
  }

  static constexpr long long parameter_count(ConvConfig c) {
    return c.out * (1LL * c.in / c.groups * c.kernel * c.kernel + c.bias);
  }
  /// Of a map of `cells` outputs.
  static constexpr long long flops(ConvConfig c, long long cells) {
    return linear_flops(cells, 1LL * c.in / c.groups * c.kernel * c.kernel, c.out);
  }

 private:
  void make_ready(Preparation const& how) override {
    if (how.pack) {
      packed_.emplace(
          weight_, bias_,
          ops::ConvSteps{config_.stride, config_.padding, config_.dilation, config_.groups},
          how.type, how.operand);
      drop(weight_), drop(bias_);
      return;
    }
    Module::make_ready(how);
    if (bias_.defined()) bias_ = bias_.to(how.type);  // a folded one is no parameter
    // The order of a GPU's tensor cores; maps follow the weights.
    if (weight_.is_cuda()) weight_.set_data(weight_.contiguous(at::MemoryFormat::ChannelsLast));
  }

  static double bound(ConvConfig c) { return 1 / std::sqrt(c.in / c.groups * c.kernel * c.kernel); }

  ConvConfig config_;
  at::Tensor weight_, bias_;
  std::optional<ops::PackedConv> packed_;
};

}  // namespace vlsm
