// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/ports.hpp"
#include "vlsm/nn/features.hpp"
#include "vlsm/nn/module.hpp"

namespace vlsm {

struct PassThroughConfig {
  Taps image;    ///< what it hands on
  Words text{};  ///< what it leaves to the decoder or the head
};

/// The fusion slot of a model that fuses nothing here: the taps go on as they are.
template <PassThroughConfig config>
class PassThrough : public Module {
 public:
  static constexpr Taps image = config.image;
  static constexpr Words text = config.text;
  static constexpr Taps out = [] {
    Taps taps = config.image;
    taps.pooled = 0;
    return taps;
  }();

  Features forward(Features const& seen, Said const& /*said*/) const { return seen; }

  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Load) { return 0; }
};

}  // namespace vlsm
