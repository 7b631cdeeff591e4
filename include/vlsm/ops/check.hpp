// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/grad_mode.h>

#include "vlsm/base/error.hpp"

namespace vlsm::detail {

/// What losses and metrics ask of their tensors [B, C, ...]. Throws Error where the shapes differ
/// or have fewer than three dimensions.
inline void check_same_shape(at::Tensor const& prediction, at::Tensor const& target) {
  if (prediction.sizes() != target.sizes() || prediction.dim() < 3)
    throw Error(prediction.sizes() == target.sizes()
                    ? "prediction and target have too few dimensions"
                    : "prediction and target differ in shape",
                shape_text(prediction.sizes()) + " against " + shape_text(target.sizes()),
                "give both as [B, C, H, W]");
}

}  // namespace vlsm::detail

namespace vlsm::ops {

/// For the backward pass of a kernel: throws Error where autograd wants to differentiate it once
/// more (create_graph), since it would take the gradient for a constant and say nothing.
inline void check_first_derivative(char const* operation) {
  if (at::GradMode::is_enabled())
    throw Error("the fused kernels have no second derivative", operation, "choose Backend::aten");
}

}  // namespace vlsm::ops
