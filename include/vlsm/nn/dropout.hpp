// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>

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

/// A seed for a kernel that draws its own dropout, from PyTorch's generator: at::manual_seed makes
/// a training repeatable.
inline std::int64_t fresh_seed() {
  return at::randint(std::numeric_limits<std::int64_t>::max(), {}, at::kLong).item<std::int64_t>();
}

}  // namespace vlsm
