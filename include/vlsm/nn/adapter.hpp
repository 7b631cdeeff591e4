// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/work.hpp"
#include "vlsm/nn/adaptation.hpp"
#include "vlsm/nn/linear.hpp"

namespace vlsm {

/// The bottleneck of VLSM-Adapter (Dhakal et al. 2024): x + relu(up(relu(down(x)))). As in its
/// published code it starts at random, so a fresh one already changes x.
class Adapter : public Adaptation {
 public:
  /// `inner`: width of the bottleneck.
  Adapter(int width, int inner)
      : down_(child<Linear>("down", width, inner)), up_(child<Linear>("up", inner, width)) {}

  /// [..., width] -> [..., width]
  at::Tensor forward(at::Tensor const& x) const {
    return x + at::relu(up_->forward(at::relu(down_->forward(x))));
  }

  static constexpr long long parameter_count(int width, int inner) {
    return Linear::parameter_count(width, inner) + Linear::parameter_count(inner, width);
  }
  static constexpr long long flops(int width, int inner, long long rows) {
    return linear_flops(rows, width, 2LL * inner);
  }

 private:
  std::shared_ptr<Linear> down_, up_;
};

}  // namespace vlsm
