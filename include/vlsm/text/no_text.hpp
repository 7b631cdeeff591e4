// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The text slot of a model that reads none: the image-only baselines.
class NoText : public Module {
 public:
  static constexpr TextSpec out{};
  static constexpr int vocabulary = 0;
  static constexpr PadTo pad_to{};

  TextFeatures forward(Tokens const& /*tokens*/) const { return {}; }

  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Workload) { return 0; }
};

}  // namespace vlsm
