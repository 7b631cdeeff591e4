// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/ops/attention/options.hpp"
#include "vlsm/ops/backend.hpp"

namespace vlsm::ops {

/// Attention of many queries to few keys (a picture's cells to a sentence's words):
/// q [B, Nq, H, D], k and v [B, Nk, H, D] -> [B, Nq, H, D], softmax(scale q k^T) v in each head.
///
/// Strides are free but for the last dimension, so projections need no transposes. Differentiable,
/// without atomics: the same bits every time. Rows without keys give 0. Throws Error for shapes or
/// types that do not fit each other, and where the backend cannot run here.
at::Tensor fusion_attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                            AttentionOptions const& options = {}, Backend backend = Backend::fused);

/// Attention for inference on a CPU whose products have factors of bfloat16: q [B, Nq, H, D], k and
/// v [B, Nk, H, D], float32, Nk at least 1 -> [B, Nq, H, D], contiguous. All keys count; scores are
/// scaled by 1 / sqrt(D). No gradients. The same bits from any number of threads. Throws Error for
/// shapes that do not fit each other, for other types and devices, and without keys.
at::Tensor rounded_attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/attention/impl/attention.hpp"
#include "vlsm/ops/attention/impl/rounded.hpp"
#endif
