// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The fusion slot of a model that fuses nothing here: the taps go on as they are.
template <FeatureSpec image_port = FeatureSpec{}, TextSpec text_port = TextSpec{}>
class PassThrough : public Module {
 public:
  template <FeatureSpec image, TextSpec text>
  using At = PassThrough<image, text>;
  static constexpr FeatureSpec image = image_port, out = image_port.without_pooled();
  static constexpr TextSpec text = text_port;

  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& /*said*/) const {
    return seen;
  }

  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Workload) { return 0; }
};

}  // namespace vlsm
