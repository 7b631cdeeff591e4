// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/adapter.hpp"
#include "vlsm/segmenter/layout.hpp"

namespace vlsm {

/// The size of ShallowAdapters.
struct ShallowConfig {
  int width = 512;  ///< of the bottlenecks
};

/// VLSM-Adapter's shallow form (Dhakal et al. 2024): an adapter on every tap of a vision tower,
/// none inside.
template <class Tower, ShallowConfig config = ShallowConfig{}>
class ShallowAdapters : public Tower {
 public:
  /// image [B, 3, H, W] -> the tower's taps, adapted; its pooled image as it is.
  ImageFeatures forward(at::Tensor const& image) const {
    ImageFeatures seen = Tower::forward(image);
    for (std::size_t i = 0; i < adapters_.size(); ++i)
      seen.taps[i] = on_channels(*adapters_[i], seen.taps[i], Tower::out.layout);
    return seen;
  }

  static constexpr long long parameter_count() {
    long long count = Tower::parameter_count();
    for (int i = 0; i < Tower::out.count; ++i)
      count += Adapter::parameter_count(Tower::out.width[i], config.width);
    return count;
  }
  static constexpr long long flops(Workload load) {
    long long count = Tower::flops(load);
    for (int i = 0; i < Tower::out.count; ++i)
      count += Adapter::flops(Tower::out.width[i], config.width,
                              cells_of(Tower::out, i, load) + Tower::out.class_tokens);
    return count;
  }

 private:
  std::vector<std::shared_ptr<Adapter>> adapters_ = this->template children_of<Adapter>(
      "shallow", Tower::out.count,
      [](int i) { return std::make_shared<Adapter>(Tower::out.width[i], config.width); });
};

}  // namespace vlsm
