// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include "vlsm/ops/packed/epilogue.hpp"

namespace vlsm::ops {

/// A dense layer for inference on a CPU: its weights lie as the product of this machine reads them
/// (an order of oneDNN's, which LibTorch holds), and what follows the product is done on its way
/// out. Where LibTorch has no such product it is an ordinary one. No gradients.
class PackedLinear {
 public:
  /// Copies weight [out, in] and bias [out] (or undefined) in the type of the later inputs.
  PackedLinear(at::Tensor const& weight, at::Tensor const& bias, at::ScalarType type);

  /// then(x W^T + b), [..., in] -> [..., out], in the type of the weights, which x must have.
  at::Tensor run(at::Tensor const& x, Epilogue then = Epilogue::none) const;

  /// x W^T + b + residual: x [..., in], residual [..., out] -> [..., out], likewise.
  at::Tensor plus(at::Tensor const& x, at::Tensor const& residual) const;

 private:
  at::Tensor weight_;  // opaque where packed_
  at::Tensor bias_;
  bool packed_ = false;
};

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/packed/impl/linear.hpp"
#endif
