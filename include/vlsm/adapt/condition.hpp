// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/adapter.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The size of a ConditionAdapter.
struct ConditionConfig {
  int width = 256;  ///< of the bottleneck
};

/// VLSM-Adapter's adapter between the sentence and the decoder that it conditions (Dhakal et al.
/// 2024). `ShallowTextAdapters<ConditionAdapter<Tower>>` adds to the adapted sentence, as the
/// published code does; the other order adapts the sum.
template <class Tower, ConditionConfig config = ConditionConfig{}>
class ConditionAdapter : public Tower {
  static_assert(
      !requires { Tower::condition_adapter; },
      "ConditionAdapter wraps a tower that has such adapters already: wrap it once");
  static_assert(Tower::out.sentence > 0 && config.width > 0,
                "ConditionAdapter: the tower writes no sentence, or .width is not positive");

 public:
  static constexpr ConditionConfig condition_adapter = config;

  /// ids [B, L] -> the tower's words, its sentence adapted.
  TextFeatures forward(Tokens const& tokens) const { return adapt(Tower::forward(tokens)); }

  static constexpr long long parameter_count() {
    return Tower::parameter_count() + Adapter::parameter_count(Tower::out.sentence, config.width);
  }
  static constexpr long long flops(Workload load) {
    return Tower::flops(load) + Adapter::flops(Tower::out.sentence, config.width, 1);
  }

 protected:
  template <class See>
  TextFeatures read(Tokens const& tokens, See see) const {
    return adapt(Tower::read(tokens, see));
  }

 private:
  TextFeatures adapt(TextFeatures said) const {
    said.sentence = adapter_->forward(said.sentence);
    return said;
  }

  std::shared_ptr<Adapter> adapter_ =
      this->template child<Adapter>("condition", Tower::out.sentence, config.width);
};

}  // namespace vlsm
