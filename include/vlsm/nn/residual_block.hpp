// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/conv_block.hpp"

namespace vlsm {

/// The two blocks of residual networks (He et al. 2016, figure 5).
enum class Residual {
  basic,       ///< two 3x3 convolutions
  bottleneck,  ///< 1x1, 3x3, 1x1, the last four times as wide; the 3x3 strides
};

/// How many times as wide as its 3x3 convolutions a block's output is.
constexpr int residual_expansion(Residual kind) { return kind == Residual::basic ? 1 : 4; }

/// The sizes of a residual block.
struct ResidualConfig {
  Residual kind = Residual::bottleneck;
  int in = 0;     ///< channels
  int inner = 0;  ///< channels of the 3x3 convolutions
  int stride = 1;
  int dilation = 1;  ///< of the 3x3 convolutions

  constexpr int out() const { return inner * residual_expansion(kind); }
  constexpr bool has_shortcut() const { return stride > 1 || in != out(); }
  /// The convolution beside the main path; only where `has_shortcut()`.
  constexpr ConvConfig shortcut() const { return conv1x1(in, out(), stride); }

  /// Convolutions of the main path.
  constexpr int count() const { return kind == Residual::basic ? 2 : 3; }
  /// Convolution `i` of the main path.
  constexpr ConvConfig conv(int i) const {
    bool const basic = kind == Residual::basic;
    if (!basic && i != 1) return i == 0 ? conv1x1(in, inner) : conv1x1(inner, out());
    ConvConfig c = conv3x3(i == 0 ? in : inner, inner, i == (basic ? 0 : 1) ? stride : 1);
    c.padding = c.dilation = dilation;
    return c;
  }
};

/// Parameters of a residual block, its norms included.
constexpr long long residual_parameters(ResidualConfig c) {
  long long sum = c.has_shortcut() ? ConvNorm::parameter_count(c.shortcut()) : 0;
  for (int i = 0; i < c.count(); ++i) sum += ConvNorm::parameter_count(c.conv(i));
  return sum;
}

/// `cells`: of the output.
constexpr long long residual_flops(ResidualConfig c, long long cells) {
  long long sum = c.has_shortcut() ? Conv::flops(c.shortcut(), cells) : 0;
  for (int i = 0; i < c.count(); ++i) {
    bool const before = c.kind == Residual::bottleneck && i == 0;  // not yet strided
    sum += Conv::flops(c.conv(i), before ? cells * c.stride * c.stride : cells);
  }
  return sum;
}

/// Convolutions beside a shortcut.
class ResidualBlock : public Module {
 public:
  explicit ResidualBlock(ResidualConfig c)
      : shortcut_(c.has_shortcut() ? child<ConvNorm>("shortcut", c.shortcut()) : nullptr) {
    for (int i = 0; i < c.count(); ++i)
      convs_.push_back(child<ConvNorm>("conv" + std::to_string(i + 1), c.conv(i)));
  }

  /// [B, in, H, W] -> [B, out, H / stride, W / stride]
  at::Tensor forward(at::Tensor const& x) const {
    at::Tensor y = x;
    for (std::size_t i = 0; i + 1 < convs_.size(); ++i) y = convs_[i]->relu(y);
    return convs_.back()->plus_relu(y, shortcut_ ? shortcut_->forward(x) : x);
  }

 private:
  std::vector<std::shared_ptr<ConvNorm>> convs_;
  std::shared_ptr<ConvNorm> shortcut_;
};

}  // namespace vlsm
