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

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/attention/impl/attention.hpp"
#endif
