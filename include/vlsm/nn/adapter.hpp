// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/workload.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/module.hpp"

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

/// A transformer layer with a place for an adapter behind each of its halves, attention and
/// perceptron, before the residual is added. Both places are empty until `adapt`.
class AdaptableLayer : public Module {
 public:
  /// Fills both places with adapters of `inner` width.
  void adapt(int inner) {
    after_attention_ = child<Adapter>("attn_adapter", width_, inner);
    after_mlp_ = child<Adapter>("mlp_adapter", width_, inner);
  }

  static constexpr long long adapter_parameters(int width, int inner) {
    return 2 * Adapter::parameter_count(width, inner);
  }
  static constexpr long long adapter_flops(int width, int inner, long long rows) {
    return 2 * Adapter::flops(width, inner, rows);
  }

 protected:
  bool adapts_mlp() const { return after_mlp_ != nullptr; }
  explicit AdaptableLayer(int width) : width_(width) {}
  at::Tensor after_attention(at::Tensor y) const {
    return after_attention_ ? after_attention_->forward(y) : y;
  }
  at::Tensor after_mlp(at::Tensor y) const { return after_mlp_ ? after_mlp_->forward(y) : y; }

 private:
  int width_;
  std::shared_ptr<Adapter> after_attention_, after_mlp_;
};

}  // namespace vlsm
