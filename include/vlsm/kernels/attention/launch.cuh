// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/attention/backward_keys.cuh"
#include "vlsm/kernels/attention/backward_queries.cuh"
#include "vlsm/kernels/attention/forward.cuh"
#include "vlsm/kernels/attention/launch.hpp"
#include "vlsm/kernels/attention/simt.cuh"
#include "vlsm/kernels/attention/tensor_cores.cuh"

namespace vlsm::kernels {

namespace attention {

template <Arithmetic arithmetic, int width, int chunk, int simt_rows>
auto engine() {
  if constexpr (arithmetic == Arithmetic::f32) {
    return Simt<width, simt_rows, chunk>{};
  } else if constexpr (arithmetic == Arithmetic::tf32) {
    return MmaTf32<width, chunk>{};
  } else if constexpr (arithmetic == Arithmetic::f16) {
    return Mma16<Half, width, chunk>{};
  } else {
    return Mma16<BFloat16, width, chunk>{};
  }
}

/// The forward has the registers for four rows a lane where they are short.
template <Arithmetic arithmetic, int width>
using ForwardEngine = decltype(engine < arithmetic, width, forward_chunk(arithmetic, width),
                               width <= 64 ? 4 : 2 > ());
template <Arithmetic arithmetic, int width>
using BackwardEngine = decltype(engine<arithmetic, width, backward_chunk(width), 2>());
constexpr int backward_rows = 16;

/// Calls `run` with the shape's arithmetic and width as compile-time values.
template <class Run>
void dispatch(AttentionShape const& shape, Run const& run) {
  auto const with_width = [&]<Arithmetic arithmetic>() {
    switch (shape.width) {
      case 16:
        return run.template operator()<arithmetic, 16>();
      case 32:
        return run.template operator()<arithmetic, 32>();
      case 64:
        return run.template operator()<arithmetic, 64>();
      case 80:
        return run.template operator()<arithmetic, 80>();
      case 128:
        return run.template operator()<arithmetic, 128>();
      default:
        throw Error("heads of width " + std::to_string(shape.width), "fusion attention",
                    "take 16, 32, 64, 80 or 128, or another backend");
    }
  };
  switch (shape.arithmetic) {
    case Arithmetic::f32:
      return with_width.template operator()<Arithmetic::f32>();
    case Arithmetic::tf32:
      return with_width.template operator()<Arithmetic::tf32>();
    case Arithmetic::f16:
      return with_width.template operator()<Arithmetic::f16>();
    case Arithmetic::bf16:
      return with_width.template operator()<Arithmetic::bf16>();
  }
}

inline bool aligned_16(AttentionShape const& shape, void const* pointer,
                       AttentionStrides const& strides) {
  auto const bytes = static_cast<std::int64_t>(element_bytes(shape.arithmetic));
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0 && strides.batch * bytes % 16 == 0 &&
         strides.row * bytes % 16 == 0 && strides.head * bytes % 16 == 0;
}

inline dim3 query_grid(AttentionShape const& shape, QueryPlan const& plan, int rows) {
  return dim3(shape.batch * shape.heads, divide_up(shape.queries, plan.warps * rows * plan.groups));
}

inline bool is_empty(AttentionShape const& shape) {
  return shape.batch == 0 || shape.heads == 0 || shape.queries == 0;
}

}  // namespace attention

void launch(FusionAttentionForward const& a, void* stream) {
  if (attention::is_empty(a.shape)) return;
  attention::dispatch(a.shape, [&]<Arithmetic arithmetic, int width>() {
    using E = attention::ForwardEngine<arithmetic, width>;
    QueryPlan const plan = query_plan(a.shape, 1, E::rows, attention_tuning(compute_capability()));
    auto const aligned = [&](void const* pointer, AttentionStrides const& strides) {
      return attention::aligned_16(a.shape, pointer, strides);
    };
    bool const wide = aligned(a.q, a.q_strides) && aligned(a.k, a.k_strides) &&
                      aligned(a.v, a.v_strides) && aligned(a.out, a.out_strides);
    VLSM_LAUNCH((attention::fusion_attention_forward<E>),
                attention::query_grid(a.shape, plan, E::rows), dim3(32 * plan.warps),
                plan.shared_bytes, stream, a, plan, wide);
  });
}

void launch(FusionAttentionBackward const& a, void* stream) {
  if (a.shape.batch == 0 || a.shape.heads == 0) return;
  attention::dispatch(a.shape, [&]<Arithmetic arithmetic, int width>() {
    using E = attention::BackwardEngine<arithmetic, width>;
    static_assert(E::rows == attention::backward_rows);
    auto const tuning = attention_tuning(compute_capability());
    QueryPlan const by_query = query_plan(a.shape, 2, E::rows, tuning);
    KeyPlan const by_key = key_plan(a.shape, E::rows, tuning);
    auto const aligned = [&](void const* pointer, AttentionStrides const& strides) {
      return attention::aligned_16(a.shape, pointer, strides);
    };
    bool const wide = aligned(a.q, a.q_strides) && aligned(a.k, a.k_strides) &&
                      aligned(a.v, a.v_strides) && aligned(a.out, a.out_strides) &&
                      aligned(a.grad_out, a.grad_out_strides) &&
                      aligned(a.grad_q, a.grad_q_strides);
    attention::Workspace const sizes(a.shape);
    auto* const delta = static_cast<float*>(a.workspace);
    float* const sums_k = delta + sizes.delta;
    float* const sums_v = sums_k + by_key.splits * sizes.sums;
    int const heads = a.shape.batch * a.shape.heads;
    if (a.shape.queries > 0)
      VLSM_LAUNCH((attention::fusion_attention_backward_queries<E>),
                  attention::query_grid(a.shape, by_query, E::rows), dim3(32 * by_query.warps),
                  by_query.shared_bytes, stream, a, delta, by_query, wide);
    if (a.shape.keys == 0) return;
    VLSM_LAUNCH((attention::fusion_attention_backward_keys<E>),
                dim3(heads, divide_up(a.shape.keys, by_key.warps * E::rows), by_key.splits),
                dim3(32 * by_key.warps), by_key.shared_bytes, stream, a, delta, sums_k, sums_v,
                by_key, wide);
    VLSM_LAUNCH((attention::fusion_attention_backward_sum<typename E::Value>),
                dim3(static_cast<unsigned>((sizes.sums / 4 + 255) / 256), 2), dim3(256), 0, stream,
                a, sums_k, sums_v, by_key.splits);
  });
}

std::size_t workspace_bytes(AttentionShape const& shape) {
  attention::Workspace const sizes(shape);
  KeyPlan const plan =
      key_plan(shape, attention::backward_rows, attention_tuning(compute_capability()));
  return sizeof(float) * static_cast<std::size_t>(sizes.delta + 2 * plan.splits * sizes.sums);
}

}  // namespace vlsm::kernels
