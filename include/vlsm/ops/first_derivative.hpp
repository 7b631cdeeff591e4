// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/grad_mode.h>

#include "vlsm/base/error.hpp"

namespace vlsm::ops {

/// For the backward pass of a kernel: throws Error where autograd wants to differentiate it once
/// more (create_graph), since it would take the gradient for a constant and say nothing.
inline void only_first_derivative(char const* operation) {
  if (at::GradMode::is_enabled())
    throw Error("the fused kernels have no second derivative", operation, "choose Backend::aten");
}

}  // namespace vlsm::ops
