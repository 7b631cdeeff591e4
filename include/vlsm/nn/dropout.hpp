// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// Sets `percent` of the values to zero in training and scales the others up (Srivastava et al.
/// 2014).
class Dropout : public Module {
 public:
  explicit Dropout(int percent) : share_(percent / 100.0) {}

  at::Tensor forward(at::Tensor const& x) const {
    return share() > 0 ? at::dropout(x, share(), true) : x;
  }

  /// What is dropped now: nothing outside of training. For kernels that do it on their way.
  double share() const { return is_training() ? share_ : 0; }

 private:
  double share_;
};

}  // namespace vlsm
