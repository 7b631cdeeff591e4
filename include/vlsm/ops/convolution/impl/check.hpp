// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/ops/launch.hpp"

namespace vlsm::ops::detail {

/// Throws Error unless x is float32 on the CPU; `operation` and `name` say what it is.
inline void check_convolution_number(char const* operation, at::Tensor const& x, char const* name) {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat)
    throw Error("only float32 on the CPU is taken",
                std::string(operation) + ": " + name + " is " + at::toString(x.scalar_type()) +
                    " on " + x.device().str(),
                "use at::conv2d there");
}

/// Throws Error for a bias that is not [out].
inline void check_convolution_bias(char const* operation, at::Tensor const& bias,
                                   at::Tensor const& weight) {
  if (bias.dim() != 1 || bias.size(0) != weight.size(0))
    throw Error("the bias does not fit the weight",
                std::string(operation) + ": bias " + shape_text(bias.sizes()) + ", weight " +
                    shape_text(weight.sizes()),
                "pass it as [out]");
  check_convolution_number(operation, bias, "the bias");
}

/// Throws Error where autograd wants a gradient.
inline void check_convolution_gradient(char const* operation,
                                       std::initializer_list<at::Tensor> tensors) {
  if (wants_gradient(tensors))
    throw Error("there is no gradient", std::string(operation) + ": an input requires one",
                "use at::conv2d, or at::NoGradGuard");
}

}  // namespace vlsm::ops::detail
