// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

// The fused attention on a GPU, in programs that link vlsm::kernels (which defines VLSM_KERNELS).
#ifdef VLSM_KERNELS
#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>

#include <array>
#include <utility>

#include "vlsm/kernels/attention/launch.hpp"
#include "vlsm/ops/attention/options.hpp"
#include "vlsm/ops/backend.hpp"
#include "vlsm/ops/launch.hpp"
#endif

namespace vlsm::ops {

#ifdef VLSM_KERNELS
namespace detail {

inline at::Tensor last_contiguous(at::Tensor const& x) {
  return x.stride(3) == 1 && x.stride(1) < kernels::attention_row_stride ? x : x.contiguous();
}
inline kernels::AttentionStrides strides_of(at::Tensor const& x) {
  return {x.stride(0), x.stride(1), x.stride(2)};
}

inline kernels::Arithmetic arithmetic_of(at::Tensor const& x) {
  switch (x.scalar_type()) {
    case at::kHalf:
      return kernels::Arithmetic::f16;
    case at::kBFloat16:
      return kernels::Arithmetic::bf16;
    default:
      return tf32_allowed() ? kernels::Arithmetic::tf32 : kernels::Arithmetic::f32;
  }
}

inline kernels::AttentionShape shape_of(at::Tensor const& q, at::Tensor const& k,
                                        AttentionOptions const& options,
                                        at::Tensor const& lengths) {
  return {.batch = static_cast<int>(q.size(0)),
          .heads = static_cast<int>(q.size(2)),
          .queries = static_cast<int>(q.size(1)),
          .keys = static_cast<int>(k.size(1)),
          .width = static_cast<int>(q.size(3)),
          .arithmetic = arithmetic_of(q),
          .scale = static_cast<float>(options.scale_of(q)),
          .key_lengths = lengths.defined() ? lengths.const_data_ptr<std::int32_t>() : nullptr,
          .dropout = {static_cast<std::uint64_t>(options.seed),
                      static_cast<std::uint64_t>(options.offset),
                      kernels::dropout_threshold(options.dropout)},
          .dropout_scale = static_cast<float>(1 / (1 - options.dropout))};
}

}  // namespace detail
#endif

/// Whether the fused kernels of a GPU take these queries [B, Nq, H, D] here.
inline bool attention_cuda_takes([[maybe_unused]] at::Tensor const& q) {
#ifdef VLSM_KERNELS
  return q.is_cuda() && kernels_reach(q) && q.dim() == 4 &&
         kernels::fusion_attention_takes(static_cast<int>(q.size(3)));
#else
  return false;
#endif
}

#ifdef VLSM_KERNELS
/// The fused attention on a GPU, q [B, Nq, H, D], k and v [B, Nk, H, D]: the result [B, Nq, H, D],
/// and the log-sum-exp [B, H, Nq] in float32. Only where `attention_cuda_takes(q_in)`.
inline std::pair<at::Tensor, at::Tensor> attention_cuda_forward(at::Tensor const& q_in,
                                                                at::Tensor const& k_in,
                                                                at::Tensor const& v_in,
                                                                AttentionOptions const& options) {
  at::Tensor const q = detail::last_contiguous(q_in), k = detail::last_contiguous(k_in),
                   v = detail::last_contiguous(v_in);
  at::Tensor const lengths =
      options.lengths.defined() ? options.lengths.contiguous() : at::Tensor();
  at::Tensor const out = at::empty(q.sizes(), q.options());
  at::Tensor const lse =
      at::empty({q.size(0), q.size(2), q.size(1)}, q.options().dtype(at::kFloat));
  detail::launch_on_gpu(
      q, kernels::FusionAttentionForward{.shape = detail::shape_of(q, k, options, lengths),
                                         .q = q.const_data_ptr(),
                                         .k = k.const_data_ptr(),
                                         .v = v.const_data_ptr(),
                                         .out = out.mutable_data_ptr(),
                                         .lse = lse.mutable_data_ptr<float>(),
                                         .q_strides = detail::strides_of(q),
                                         .k_strides = detail::strides_of(k),
                                         .v_strides = detail::strides_of(v),
                                         .out_strides = detail::strides_of(out)});
  return {out, lse};
}

/// Gradients with respect to q, k, v, of their shapes, from that with respect to the result
/// [B, Nq, H, D]; `out_in` and `lse` are what the forward returned.
inline std::array<at::Tensor, 3> attention_cuda_backward(
    at::Tensor const& grad_out_in, at::Tensor const& q_in, at::Tensor const& k_in,
    at::Tensor const& v_in, at::Tensor const& out_in, at::Tensor const& lse,
    AttentionOptions const& options) {
  c10::cuda::CUDAGuard const device(q_in.device());  // whose size decides the workspace's
  at::Tensor const q = detail::last_contiguous(q_in), k = detail::last_contiguous(k_in),
                   v = detail::last_contiguous(v_in), out = detail::last_contiguous(out_in),
                   grad_out = detail::last_contiguous(grad_out_in);
  at::Tensor const lengths =
      options.lengths.defined() ? options.lengths.contiguous() : at::Tensor();
  at::Tensor const grad_q = at::empty(q.sizes(), q.options()),
                   grad_k = at::empty(k.sizes(), k.options()),
                   grad_v = at::empty(v.sizes(), v.options());
  auto const shape = detail::shape_of(q, k, options, lengths);
  at::Tensor const workspace = at::empty(
      {static_cast<std::int64_t>(kernels::workspace_bytes(shape))}, q.options().dtype(at::kByte));
  detail::launch_on_gpu(
      q, kernels::FusionAttentionBackward{.shape = shape,
                                          .q = q.const_data_ptr(),
                                          .k = k.const_data_ptr(),
                                          .v = v.const_data_ptr(),
                                          .out = out.const_data_ptr(),
                                          .grad_out = grad_out.const_data_ptr(),
                                          .lse = lse.const_data_ptr<float>(),
                                          .grad_q = grad_q.mutable_data_ptr(),
                                          .grad_k = grad_k.mutable_data_ptr(),
                                          .grad_v = grad_v.mutable_data_ptr(),
                                          .workspace = workspace.mutable_data_ptr(),
                                          .q_strides = detail::strides_of(q),
                                          .k_strides = detail::strides_of(k),
                                          .v_strides = detail::strides_of(v),
                                          .out_strides = detail::strides_of(out),
                                          .grad_out_strides = detail::strides_of(grad_out),
                                          .grad_q_strides = detail::strides_of(grad_q),
                                          .grad_k_strides = detail::strides_of(grad_k),
                                          .grad_v_strides = detail::strides_of(grad_v)});
  return {grad_q, grad_k, grad_v};
}
#endif

}  // namespace vlsm::ops
