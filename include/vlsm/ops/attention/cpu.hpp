// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>

#include "vlsm/ops/attention/options.hpp"

namespace vlsm::ops {

/// The fused attention on a CPU: the result, and the log-sum-exp where it is asked for. float16 and
/// bfloat16 are computed in float32.
std::pair<at::Tensor, at::Tensor> attention_cpu_forward(at::Tensor const& q, at::Tensor const& k,
                                                        at::Tensor const& v,
                                                        AttentionOptions const& options,
                                                        bool with_lse);

/// Gradients of q, k and v.
std::array<at::Tensor, 3> attention_cpu_backward(at::Tensor const& grad_out, at::Tensor const& q,
                                                 at::Tensor const& k, at::Tensor const& v,
                                                 AttentionOptions const& options);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/attention/impl/cpu.hpp"
#endif
