// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "vlsm/kernels/cpu/dot.hpp"
#include "vlsm/kernels/linear/epilogue.hpp"

namespace vlsm::ops {

using kernels::Epilogue;
using kernels::cpu::Operand;

/// A dense layer for inference on a CPU: its weights lie as the product reads them, and what
/// follows the product is done on its way out. In float32 on a CPU with AVX2 or more the product is
/// our own (kernels/linear/), and its factors may be rounded; else it is oneDNN's, in an order of
/// the weights that it chooses. Where LibTorch has no such product it is an ordinary one. No
/// gradients.
class PackedLinear {
 public:
  /// Copies weight [out, in] and bias [out] (or undefined) in the type of the later inputs.
  /// `operand`: what weights and inputs of type float32 are rounded to, one factor for each output
  /// and each row in the case of bytes.
  PackedLinear(at::Tensor const& weight, at::Tensor const& bias, at::ScalarType type,
               Operand operand = Operand::fp32);

  /// then(x W^T + b), [..., in] -> [..., out], in the type of the weights, which x must have.
  /// Throws Error where its rows are of another length.
  at::Tensor run(at::Tensor const& x, Epilogue then = Epilogue::none) const;

  /// then(x W^T + b + residual), likewise: x [..., in], residual [..., out] or what is broadcast to
  /// it -> [..., out].
  at::Tensor plus(at::Tensor const& x, at::Tensor const& residual,
                  Epilogue then = Epilogue::none) const;

 private:
  /// How the weights lie.
  enum class Order { plain, own, onednn };

  void pack_own();
  void check_input(at::Tensor const& x) const;
  at::Tensor run_own(at::Tensor const& x, at::Tensor const& residual, Epilogue then) const;

  at::Tensor weight_;        // opaque unless plain
  at::Tensor bias_, units_;  // in whole panels if own
  std::int64_t in_, out_;
  Order order_ = Order::plain;
  Operand operand_ = Operand::fp32;
};

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/packed/impl/linear.hpp"
#endif
