// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/linear.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// What fusions share that bring every tap to one width first: ports, the reduction and its price.
template <FeatureSpec image_port, int width>
class ReducesTaps : public Module {
 public:
  static constexpr FeatureSpec image = image_port;
  static constexpr FeatureSpec out = [] {
    FeatureSpec taps = image_port.without_pooled();
    for (int i = 0; i < taps.count; ++i) taps.width[i] = width;
    return taps;
  }();

 protected:
  /// taps [B, N, image.width] -> [B, N, width] (or maps, likewise).
  ImageFeatures reduce(ImageFeatures const& seen) const {
    std::vector<at::Tensor> joint;
    for (int i = 0; i < image.count; ++i)
      joint.push_back(on_channels(*reduce_[image.count - 1 - i], seen.taps[i], image.layout));
    return seen.with(joint);
  }

  static constexpr long long rows(int tap, Workload load) {
    return positions_of(image, tap, load) + image.class_tokens;
  }
  static constexpr long long reduce_parameters() {
    long long count = 0;
    for (int i = 0; i < image.count; ++i) count += Linear::parameter_count(image.width[i], width);
    return count;
  }
  static constexpr long long reduce_flops(Workload load) {
    long long count = 0;
    for (int i = 0; i < image.count; ++i)
      count += linear_flops(rows(i, load), image.width[i], width);
    return count;
  }

 private:
  // Numbered as in CLIPSeg's files: 0 reduces the deepest tap.
  std::vector<std::shared_ptr<Linear>> reduce_ = this->template children_of<Linear>(
      "reduce", image.count,
      [](int i) { return std::make_shared<Linear>(image.width[image.count - 1 - i], width); });
};

}  // namespace vlsm
