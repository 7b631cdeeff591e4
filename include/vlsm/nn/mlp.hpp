// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/linear.hpp"

namespace vlsm {

/// What stands between the two layers of a perceptron.
enum class Activation {
  relu,
  gelu,        ///< exact, by erf
  quick_gelu,  ///< x * sigmoid(1.702 x), OpenAI CLIP's
};

/// The activation of each element of x, which has any shape.
inline at::Tensor activate(Activation kind, at::Tensor const& x) {
  switch (kind) {
    case Activation::relu:
      return at::relu(x);
    case Activation::gelu:
      return at::gelu(x);
    case Activation::quick_gelu:
      return x * at::sigmoid(1.702 * x);
  }
  return x;
}

/// Two linear layers with an activation between.
class Mlp : public Module {
 public:
  Mlp(int width, int hidden, Activation activation)
      : activation_(activation),
        up_(child<Linear>("up", width, hidden)),
        down_(child<Linear>("down", hidden, width)) {}

  /// [..., width] -> [..., width]
  at::Tensor forward(at::Tensor const& x) const {
    return down_->forward(activate(activation_, up_->forward(x)));
  }

 private:
  Activation activation_;
  std::shared_ptr<Linear> up_, down_;
};

}  // namespace vlsm
