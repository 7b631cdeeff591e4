// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/kernels/linear/epilogue.hpp"

namespace vlsm {

/// The activation function of an Mlp.
enum class Activation {
  relu,
  gelu,        ///< exact, by erf
  quick_gelu,  ///< x * sigmoid(1.702 x), OpenAI CLIP's
};

inline constexpr double quick_gelu_steepness = 1.702;

/// The activation of each element of x, which has any shape.
inline at::Tensor activate(Activation kind, at::Tensor const& x) {
  switch (kind) {
    case Activation::relu:
      return at::relu(x);
    case Activation::gelu:
      return at::gelu(x);
    case Activation::quick_gelu:
      return x * at::sigmoid(quick_gelu_steepness * x);
  }
  return x;
}

/// The activation as an epilogue of a packed product. QuickGELU is swish there, its factor 1.702
/// being folded into the layers before and after.
inline kernels::Epilogue packed_form(Activation kind) {
  switch (kind) {
    case Activation::relu:
      return kernels::Epilogue::relu;
    case Activation::gelu:
      return kernels::Epilogue::gelu;
    case Activation::quick_gelu:
      return kernels::Epilogue::swish;
  }
  return kernels::Epilogue::none;
}

}  // namespace vlsm
