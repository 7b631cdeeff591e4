// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include "vlsm/kernels/cpu/dot.hpp"

namespace vlsm::ops {

using kernels::cpu::Operand;

/// Attention for inference on a CPU, by packed products whose factors may be rounded (to bfloat16:
/// bytes are too coarse for weights that sum to one): q [B, Nq, H, D], k and v [B, Nk, H, D],
/// float32, Nk at least 1 -> [B, Nq, H, D], contiguous. All keys count; scores are scaled by 1 /
/// sqrt(D). No gradients. The same bits from any number of threads. Throws Error for tensors that
/// do not fit each other or are none of that kind.
at::Tensor packed_attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                            Operand operand = Operand::fp32);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/packed/impl/attention.hpp"
#endif
