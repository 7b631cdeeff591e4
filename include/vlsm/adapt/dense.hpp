// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/adapter.hpp"

namespace vlsm {

/// The size of DenseAdapters, and in which blocks they stand.
struct DenseConfig {
  int width = 64;  ///< of the bottlenecks
  int blocks =
      9;  ///< the tower's first ones; VLSM-Adapter leaves out those its decoder never reads
};

/// VLSM-Adapter's dense form (Dhakal et al. 2024): adapters behind attention and perceptron of the
/// first blocks of a transformer. A tower like the one it wraps, with its ports and its weights.
template <class Tower, DenseConfig config = DenseConfig{}>
class DenseAdapters : public Tower {
  static_assert(
      requires {
        Tower::depth;
        Tower::settings.layer;
      },
      "DenseAdapters wraps a tower of transformer layers: it needs `depth` and "
      "`settings.layer`");
  static_assert(config.width > 0 && config.blocks > 0 && config.blocks <= Tower::depth,
                "DenseConfig: .blocks is not between 1 and the tower's depth, or .width is not "
                "positive");
  static_assert(
      !requires { Tower::dense_adapters; },
      "DenseAdapters wraps a tower that has such adapters already: wrap it once");

 public:
  static constexpr DenseConfig dense_adapters = config;

  DenseAdapters() {
    int block = 0;
    for (auto const& part : this->modules(false))
      if (auto* layer = dynamic_cast<AdaptableLayer*>(part.get()); layer && block < config.blocks) {
        layer->adapt(config.width);
        ++block;
      }
  }

  static constexpr long long parameter_count() {
    return Tower::parameter_count() +
           config.blocks * AdaptableLayer::adapter_parameters(width, config.width);
  }
  static constexpr long long flops(Workload load) {
    return Tower::flops(load) + config.blocks * AdaptableLayer::adapter_flops(
                                                    width, config.width, rows_of(Tower::out, load));
  }

 private:
  static constexpr int width = Tower::settings.layer.width;
};

}  // namespace vlsm
