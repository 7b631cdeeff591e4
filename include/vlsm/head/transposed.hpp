// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/conv.hpp"
#include "vlsm/nn/transposed_conv.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// One transposed convolution from cells to pixels: CLIPSeg's plain head.
template <FeatureSpec in_port = FeatureSpec{}>
class TransposedHead : public Module {
 public:
  template <FeatureSpec in, TextSpec>
  using At = TransposedHead<in>;
  static constexpr FeatureSpec in = in_port;
  static constexpr int scale = in.stride[0];

  /// [B, width, h, w] -> logits [B, 1, scale h, scale w]
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& /*said*/) const {
    return up_->forward(read.taps[0]);
  }

  static constexpr long long parameter_count() {
    return TransposedConv::parameter_count(in.width[0], 1, scale);
  }
  static constexpr long long flops(Workload load) {
    return linear_flops(1LL * load.height * load.width, in.width[0], 1);
  }

 private:
  std::shared_ptr<TransposedConv> up_ = child<TransposedConv>("up", in.width[0], 1, scale);
};

/// A 3x3 convolution and two transposed ones of a quarter patch each: the head of CLIPSeg's refined
/// weights. Enlarges by (patch / 4)^2, which is the patch only for patches of 16 pixels.
template <FeatureSpec in_port = FeatureSpec{}>
class RefinedHead : public Module {
  static constexpr int width = in_port.width[0];
  static constexpr int step = in_port.stride[0] / 4;

 public:
  template <FeatureSpec in, TextSpec>
  using At = RefinedHead<in>;
  static constexpr FeatureSpec in = in_port;
  static constexpr int scale = step * step;

  /// [B, width, h, w] -> logits [B, 1, scale h, scale w]
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& /*said*/) const {
    at::Tensor const sharp = smooth_->relu(read.taps[0]);
    return up2_->forward(at::relu(up1_->forward(sharp)));
  }

  static constexpr long long parameter_count() {
    return Conv::parameter_count(smooth) + TransposedConv::parameter_count(width, width / 2, step) +
           TransposedConv::parameter_count(width / 2, 1, step);
  }
  static constexpr long long flops(Workload load) {
    long long const cells = positions_of(in, 0, load);
    return linear_flops(cells, 9LL * width, width) +
           linear_flops(cells * step * step, width, width / 2) +
           linear_flops(cells * scale * scale, width / 2, 1);
  }

 private:
  static constexpr ConvConfig smooth{.in = width, .out = width, .kernel = 3, .padding = 1};
  std::shared_ptr<Conv> smooth_ = child<Conv>("smooth", smooth);
  std::shared_ptr<TransposedConv> up1_ = child<TransposedConv>("up1", width, width / 2, step);
  std::shared_ptr<TransposedConv> up2_ = child<TransposedConv>("up2", width / 2, 1, step);
};

}  // namespace vlsm
