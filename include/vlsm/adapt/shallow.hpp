// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/nn/adapter.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The size of ShallowAdapters.
struct ShallowConfig {
  int width = 512;  ///< of the bottlenecks
};

/// VLSM-Adapter's shallow form (Dhakal et al. 2024): an adapter on every tap of a vision tower,
/// none inside.
template <class Tower, ShallowConfig config = ShallowConfig{}>
class ShallowAdapters : public Tower {
  static_assert(
      !requires { Tower::shallow_adapters; },
      "ShallowAdapters wraps a tower that has such adapters already: wrap it once");
  static_assert(config.width > 0, "ShallowConfig: .width is not positive");

 public:
  static constexpr ShallowConfig shallow_adapters = config;

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
                              positions_of(Tower::out, i, load) + Tower::out.class_tokens);
    return count;
  }

 private:
  std::vector<std::shared_ptr<Adapter>> adapters_ = this->template children_of<Adapter>(
      "shallow", Tower::out.count,
      [](int i) { return std::make_shared<Adapter>(Tower::out.width[i], config.width); });
};

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
  static_assert(
      ascend(config.taps, config.count),
      "ShallowTextConfig: .taps do not ascend: list the blocks from the first to the last");
  static_assert(
      !requires { Tower::shallow_text_adapters; },
      "ShallowTextAdapters wraps a tower that has such adapters already: wrap it once");
  static_assert(config.width > 0, "ShallowTextConfig: .width is not positive");

 public:
  static constexpr ShallowTextConfig shallow_text_adapters = config;

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
