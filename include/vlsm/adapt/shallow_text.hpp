// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/nn/adapter.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The size of ShallowTextAdapters, and which blocks they read.
struct ShallowTextConfig {
  int width = 512;                          ///< of the bottlenecks
  std::array<int, max_taps> taps{3, 6, 9};  ///< blocks, counted from 0, ascending
  int count = 3;                            ///< how many taps
};

/// The text's part of VLSM-Adapter's shallow form: what some blocks make of the end token is
/// adapted and added to the sentence, although no projection stands between (so both have one
/// width).
template <class Tower, ShallowTextConfig config = ShallowTextConfig{}>
class ShallowTextAdapters : public Tower {
  static_assert(
      Tower::settings.layer.width == Tower::out.sentence,
      "ShallowTextAdapters adds the tower's states to its sentences: choose a tower whose "
      ".layer.width is its .sentence");
  static_assert(config.count > 0 && config.taps[config.count - 1] < Tower::depth,
                "ShallowTextConfig: a tap lies beyond the tower's last block");

 public:
  /// ids [B, L] -> the tower's words, and its sentence plus what the adapters add.
  TextFeatures forward(Tokens const& tokens) const {
    at::Tensor added;
    int tap = 0;
    TextFeatures said =
        Tower::read(tokens, [&](int block, at::Tensor const& states, at::Tensor const& end) {
          if (tap == config.count || block != config.taps[tap]) return;
          at::Tensor const rows = at::arange(states.size(0), end.options());
          at::Tensor const change = adapters_[tap++]->forward(states.index({rows, end}));
          added = added.defined() ? added + change : change;
        });
    said.sentence = said.sentence + added;
    return said;
  }

  static constexpr long long parameter_count() {
    return Tower::parameter_count() + config.count * Adapter::parameter_count(width, config.width);
  }
  static constexpr long long flops(Workload load) {
    return Tower::flops(load) + config.count * Adapter::flops(width, config.width, 1);
  }

 private:
  static constexpr int width = Tower::out.sentence;
  std::vector<std::shared_ptr<Adapter>> adapters_ =
      this->template children<Adapter>("shallow", config.count, width, config.width);
};

}  // namespace vlsm
