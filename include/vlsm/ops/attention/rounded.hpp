// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

namespace vlsm::ops {

/// Attention for inference on a CPU whose products have factors of bfloat16: q [B, Nq, H, D], k and
/// v [B, Nk, H, D], float32, Nk at least 1 -> [B, Nq, H, D], contiguous. All keys count; scores are
/// scaled by 1 / sqrt(D). No gradients. The same bits from any number of threads. Throws Error for
/// tensors that do not fit each other or are none of that kind.
at::Tensor rounded_attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/attention/impl/rounded.hpp"
#endif
