// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <optional>
#include <utility>

#include "vlsm/base/work.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/nn/synced_batch_norm.hpp"
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
    // The order of a card's tensor cores; maps follow the weights.
    if (weight_.is_cuda()) weight_.set_data(weight_.contiguous(at::MemoryFormat::ChannelsLast));
  }

  static double bound(ConvConfig c) { return 1 / std::sqrt(c.in / c.groups * c.kernel * c.kernel); }

  ConvConfig config_;
  at::Tensor weight_, bias_;
  std::optional<ops::PackedConv> packed_;
};

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

/// Batch normalization (Ioffe and Szegedy 2015) over all but the channels, with torch's defaults:
/// epsilon 1e-5, and running statistics that move a tenth of the way in each training step.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(int width)
      : weight_(constant("weight", {width}, 1)),
        bias_(constant("bias", {width}, 0)),
        mean_(buffer("running_mean", at::zeros({width}))),
        variance_(buffer("running_var", at::ones({width}))),
        batches_(buffer("num_batches_tracked", at::zeros({}, at::kLong))) {}

  /// From now on a batch that trains is what `sums` adds up over processes; null: what this process
  /// sees. It must live as long as it is set, and as the gradients of what was computed.
  void add_up_by(BatchSums* sums) { sums_ = sums; }

  /// [B, width] or [B, width, H, W], likewise.
  at::Tensor forward(at::Tensor const& x) const {
    if (is_prepared()) return at::addcmul(per_channel(bias_, x), x, per_channel(weight_, x));
    if (sums_ && is_training()) {
      bool moved = false;
      at::Tensor const y =
          synced_batch_norm(x, {weight_, bias_, mean_, variance_, 0.1, epsilon}, *sums_, moved);
      if (moved) at::Tensor(batches_).add_(1);
      return y;
    }
    // A single value has no variance (torch refuses it): the running statistics stand in, so that a
    // last batch of one picture does not end a training.
    bool const learns = is_training() && x.numel() > x.size(1);
    if (learns) at::Tensor(batches_).add_(1);
    return at::batch_norm(x, weight_, bias_, mean_, variance_, learns, 0.1, epsilon, false);
  }

  /// What it does in evaluation, as y = scale x + shift, [width] each.
  std::pair<at::Tensor, at::Tensor> scale_and_shift() const {
    at::Tensor const scale = weight_.detach() / at::sqrt(variance_ + epsilon);
    return {scale, bias_.detach() - mean_ * scale};
  }

  static constexpr long long parameter_count(long long width) { return 2 * width; }

 private:
  static constexpr double epsilon = 1e-5;

  // Prepared, weight and bias are what scale_and_shift says.
  void make_ready(Preparation const& how) override {
    auto const [scale, shift] = scale_and_shift();
    weight_.set_data(scale.to(how.type));
    bias_.set_data(shift.to(how.type));
  }

  // vector [width] in a shape that meets x [B, width] or [B, width, H, W]
  static at::Tensor per_channel(at::Tensor const& vector, at::Tensor const& x) {
    return x.dim() == 4 ? vector.view({-1, 1, 1}) : vector;
  }

  at::Tensor weight_, bias_, mean_, variance_, batches_;
  BatchSums* sums_ = nullptr;
};

/// Whether `module` itself is a batch norm: this one, LibTorch's in a block of one's own, or
/// whatever else keeps running statistics under their name.
inline bool is_batch_norm(torch::nn::Module const& module) {
  return module.named_buffers(/*recurse=*/false).contains("running_mean");
}

}  // namespace vlsm
