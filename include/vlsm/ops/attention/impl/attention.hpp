// SPDX-License-Identifier: MIT
#pragma once

#include <torch/csrc/autograd/custom_function.h>

#include "vlsm/base/compiled.hpp"
#include "vlsm/ops/attention/attention.hpp"
#include "vlsm/ops/attention/backends.hpp"
#include "vlsm/ops/attention/cpu.hpp"
#include "vlsm/ops/attention/cuda.hpp"
#include "vlsm/ops/check.hpp"

namespace vlsm::ops {

/// The fused forward. Returns the result [B, Nq, H, D] and, where `with_lse`, the log-sum-exp of
/// the scores [B, H, Nq] in the precision of the computation (else undefined).
inline std::pair<at::Tensor, at::Tensor> fused_attention_forward(at::Tensor const& q,
                                                                 at::Tensor const& k,
                                                                 at::Tensor const& v,
                                                                 AttentionOptions const& options,
                                                                 bool with_lse) {
  check_attention(q, k, v, options);
#ifdef VLSM_KERNELS
  if (attention_cuda_takes(q)) return attention_cuda_forward(q, k, v, options);
#endif
  if (!q.is_cpu())
    throw Error(
        "the fused attention cannot take these queries on a GPU here",
        "fusion_attention: q " + shape_text(q.sizes()) + " of " + at::toString(q.scalar_type()),
        "link vlsm::kernels and take heads 16, 32, 64, 80 or 128 wide, not float64");
  return attention_cpu_forward(q, k, v, options, with_lse);
}

/// The fused backward: gradients of q, k, v, the same bits every time. `out` and `lse` are what the
/// forward returned; a CPU does not need them.
inline std::array<at::Tensor, 3> fused_attention_backward(at::Tensor const& grad_out,
                                                          at::Tensor const& q, at::Tensor const& k,
                                                          at::Tensor const& v,
                                                          [[maybe_unused]] at::Tensor const& out,
                                                          [[maybe_unused]] at::Tensor const& lse,
                                                          AttentionOptions const& options) {
#ifdef VLSM_KERNELS
  if (attention_cuda_takes(q)) return attention_cuda_backward(grad_out, q, k, v, out, lse, options);
#endif
  return attention_cpu_backward(grad_out, q, k, v, options);
}

/// The fused attention under autograd. `Calls` says how its two halves are reached: directly, or
/// through PyTorch's dispatcher, where they are registered.
template <class Calls>
class FusedAttention : public torch::autograd::Function<FusedAttention<Calls>> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, at::Tensor const& q,
                            at::Tensor const& k, at::Tensor const& v,
                            AttentionOptions const& options) {
    auto const [out, lse] = Calls::forward(q, k, v, options);
    ctx->save_for_backward({q, k, v, out, lse, options.lengths});
    ctx->saved_data["scale"] = options.scale_of(q);
    ctx->saved_data["dropout"] = options.dropout;
    ctx->saved_data["seed"] = options.seed;
    ctx->saved_data["offset"] = options.offset;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    check_first_derivative("fusion_attention");
    auto const saved = ctx->get_saved_variables();
    AttentionOptions const options{.lengths = saved[5],
                                   .scale = ctx->saved_data["scale"].toDouble(),
                                   .dropout = ctx->saved_data["dropout"].toDouble(),
                                   .seed = ctx->saved_data["seed"].toInt(),
                                   .offset = ctx->saved_data["offset"].toInt()};
    auto const [grad_q, grad_k, grad_v] =
        Calls::backward(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4], options);
    return {grad_q, grad_k, grad_v, {}};
  }
};

namespace detail {

struct DirectCalls {
  static std::pair<at::Tensor, at::Tensor> forward(at::Tensor const& q, at::Tensor const& k,
                                                   at::Tensor const& v,
                                                   AttentionOptions const& options) {
    return fused_attention_forward(q, k, v, options, !q.is_cpu());
  }
  static std::array<at::Tensor, 3> backward(at::Tensor const& grad_out, at::Tensor const& q,
                                            at::Tensor const& k, at::Tensor const& v,
                                            at::Tensor const& out, at::Tensor const& lse,
                                            AttentionOptions const& options) {
    return fused_attention_backward(grad_out, q, k, v, out, lse, options);
  }
};

}  // namespace detail

VLSM_INLINE at::Tensor fusion_attention(at::Tensor const& q, at::Tensor const& k,
                                        at::Tensor const& v, AttentionOptions const& options,
                                        Backend backend) {
  switch (backend) {
    case Backend::fused:
      if (!q.is_cpu() && !attention_cuda_takes(q)) break;  // PyTorch's choice stands in
      if (at::GradMode::is_enabled() &&
          (q.requires_grad() || k.requires_grad() || v.requires_grad()))
        return FusedAttention<detail::DirectCalls>::apply(q, k, v, options);
      return fused_attention_forward(q, k, v, options, false).first;
    case Backend::matmul:
      return attention_by_products(q, k, v, options);
    case Backend::cudnn:
      return attention_by_cudnn(q, k, v, options);
    case Backend::aten:
      break;
  }
  return attention_by_aten(q, k, v, options);
}

}  // namespace vlsm::ops
