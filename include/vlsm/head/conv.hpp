// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/conv.hpp"
#include "vlsm/nn/resize.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The size of a ConvHead.
struct ConvHeadConfig {
  int kernel = 3;  ///< cells a side
};

/// One convolution to logits, enlarged (bilinear, corners aligned) to the image's size: the head of
/// segmentation_models_pytorch.
template <ConvHeadConfig config = ConvHeadConfig{}, FeatureSpec in_port = FeatureSpec{}>
class ConvHead : public Module {
  static_assert(config.kernel > 0 && config.kernel % 2 == 1, "ConvHeadConfig: .kernel is not odd");

 public:
  template <FeatureSpec in, TextSpec>
  using At = ConvHead<config, in>;
  static constexpr ConvHeadConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr int scale = in.stride[0];

  /// map [B, width, h, w] -> logits [B, 1, scale h, scale w]
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& /*said*/) const {
    at::Tensor const low = conv_->forward(read.taps[0]);
    if constexpr (scale == 1) return low;
    return resize_map(low, scale * low.size(2), scale * low.size(3), Resize::bilinear,
                      /*align_corners=*/true);
  }

  static constexpr long long parameter_count() { return Conv::parameter_count(conv); }
  static constexpr long long flops(Workload load) {
    return Conv::flops(conv, positions_of(in, 0, load));
  }

 private:
  static constexpr ConvConfig conv{
      .in = in.width[0], .out = 1, .kernel = config.kernel, .padding = config.kernel / 2};
  std::shared_ptr<Conv> conv_ = child<Conv>("conv", conv);
};

}  // namespace vlsm
