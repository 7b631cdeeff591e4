// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The fusion slot of a model that fuses nothing here: the taps go on as they are.
template <Taps image_port = Taps{}, Words text_port = Words{}>
class PassThrough : public Module {
 public:
  template <Taps image, Words text>
  using At = PassThrough<image, text>;
  static constexpr Taps image = image_port, out = image_port.without_pooled();
  static constexpr Words text = text_port;

  Features forward(Features const& seen, Said const& /*said*/) const { return seen; }

  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Load) { return 0; }
};

}  // namespace vlsm
