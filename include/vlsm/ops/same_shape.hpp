// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/error.hpp"
#include "vlsm/base/shape_text.hpp"

namespace vlsm::detail {

/// What losses and metrics ask of their tensors [B, C, ...]. Throws Error where the shapes differ
/// or have fewer than three dimensions.
inline void check_same_shape(at::Tensor const& prediction, at::Tensor const& target) {
  if (prediction.sizes() != target.sizes() || prediction.dim() < 3)
    throw Error("prediction and target differ in shape",
                shape_text(prediction.sizes()) + " against " + shape_text(target.sizes()),
                "give both as [B, C, H, W]");
}

}  // namespace vlsm::detail
