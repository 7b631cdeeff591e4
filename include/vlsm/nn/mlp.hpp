// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "vlsm/nn/activation.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/module.hpp"

namespace vlsm {

/// Two linear layers with an activation between.
class Mlp : public Module {
 public:
  Mlp(int width, int hidden, Activation activation)
      : activation_(activation),
        up_(child<Linear>("up", width, hidden)),
        down_(child<Linear>("down", hidden, width)) {}

  /// [..., width] -> [..., width]
  at::Tensor forward(at::Tensor const& x) const { return down_->forward(hidden(x)); }
  /// The same and a residual, likewise.
  at::Tensor plus(at::Tensor const& x, at::Tensor const& residual) const {
    return down_->plus(hidden(x), residual);
  }

 private:
  at::Tensor hidden(at::Tensor const& x) const {
    if (up_->packed()) return up_->packed()->run(x, packed_form(activation_));
    at::Tensor const wide = up_->forward(x);
    if (folded_) return at::silu(wide);
    // Nobody else holds it, and a product's derivative does not read what it wrote.
    return activation_ == Activation::relu ? wide.relu_() : activate(activation_, wide);
  }

  void make_ready(Preparation const& how) override {
    // QuickGELU(x) = swish(1.702 x) / 1.702: the factors go into the layers around it.
    if (activation_ == Activation::quick_gelu) {
      up_->scale(quick_gelu_steepness, quick_gelu_steepness);
      down_->scale(1 / quick_gelu_steepness, 1);
      folded_ = true;
    }
    Module::make_ready(how);
  }

  Activation activation_;
  bool folded_ = false;
  std::shared_ptr<Linear> up_, down_;
};

}  // namespace vlsm
