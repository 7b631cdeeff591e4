// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>

#include "vlsm/ops/attention/options.hpp"

namespace vlsm::ops {

/// The fused attention on a CPU, q [B, Nq, H, D], k and v [B, Nk, H, D]: the result [B, Nq, H, D]
/// in their type, and the log-sum-exp [B, H, Nq] where it is asked for (else undefined). float16
/// and bfloat16 are computed in float32, which the log-sum-exp then has.
std::pair<at::Tensor, at::Tensor> attention_cpu_forward(at::Tensor const& q, at::Tensor const& k,
                                                        at::Tensor const& v,
                                                        AttentionOptions const& options,
                                                        bool with_lse);

/// Gradients with respect to q, k, v, of their shapes, from that with respect to the result
/// [B, Nq, H, D].
std::array<at::Tensor, 3> attention_cpu_backward(at::Tensor const& grad_out, at::Tensor const& q,
                                                 at::Tensor const& k, at::Tensor const& v,
                                                 AttentionOptions const& options);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/attention/impl/cpu.hpp"
#endif
