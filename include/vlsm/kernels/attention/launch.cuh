// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/attention/backward_fused.cuh"
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
/// The backward that is one kernel holds fewer scores at a time, so that more warps fit.
template <Arithmetic arithmetic, int width>
using FusedEngine = decltype(engine<arithmetic, width, 16, 2>());

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

/// Throws Error for rows that lie attention_row_stride elements apart or more.
inline void check_strides(std::initializer_list<AttentionStrides> const& all) {
  for (AttentionStrides const& strides : all)
    if (strides.row < 0 || strides.row >= attention_row_stride)
      throw Error("rows that lie " + std::to_string(strides.row) + " elements apart",
                  "fusion attention", "make the tensors contiguous");
}

inline dim3 query_grid(AttentionShape const& shape, QueryPlan const& plan, int rows) {
  return dim3(shape.batch * shape.heads, divide_up(shape.queries, plan.warps * rows * plan.groups));
}

/// The numbers for the GPU in use.
inline AttentionTuning gpu_tuning() {
  return attention_tuning(compute_capability(), multiprocessors());
}

inline bool is_empty(AttentionShape const& shape) {
  return shape.batch == 0 || shape.heads == 0 || shape.queries == 0;
}

}  // namespace attention

void launch(FusionAttentionForward const& a, void* stream) {
  if (attention::is_empty(a.shape)) return;
  attention::check_strides({a.q_strides, a.k_strides, a.v_strides, a.out_strides});
  attention::dispatch(a.shape, [&]<Arithmetic arithmetic, int width>() {
    using E = attention::ForwardEngine<arithmetic, width>;
    QueryPlan const plan = query_plan(a.shape, 1, E::rows, attention::gpu_tuning());
    auto const aligned = [&](void const* pointer, AttentionStrides const& strides) {
      return attention::aligned_16(a.shape, pointer, strides);
    };
    bool const wide = aligned(a.q, a.q_strides) && aligned(a.k, a.k_strides) &&
                      aligned(a.v, a.v_strides) && aligned(a.out, a.out_strides);
    VLSM_LAUNCH((attention::fusion_attention_forward<E>),
                attention::query_grid(a.shape, plan, E::rows), dim3(32 * plan.warps),
                plan.shared_bytes, stream, a, ScoreMask(a.shape.dropout), plan, wide);
  });
}

namespace attention {

/// Where the parts of the backward's workspace begin.
struct WorkspaceParts {
  float *delta, *sums_k, *sums_v;
  WorkspaceParts(FusionAttentionBackward const& a, int splits)
      : delta(static_cast<float*>(a.workspace)),
        sums_k(delta + Workspace(a.shape).delta),
        sums_v(sums_k + splits * Workspace(a.shape).sums) {}
};

template <class T>
void launch_sum(FusionAttentionBackward const& a, WorkspaceParts const& parts, int splits,
                void* stream) {
  auto const blocks = static_cast<unsigned>((Workspace(a.shape).sums / 4 + 255) / 256);
  VLSM_LAUNCH((fusion_attention_backward_sum<T>), dim3(blocks, 2), dim3(256), 0, stream, a,
              parts.sums_k, parts.sums_v, splits);
}

/// Calls `run.operator()<threads, blocks>()` with what the compiler must leave room for on a
/// multiprocessor: two blocks of eight warps (128 registers a thread) or of six (168), where the
/// sums take more two of five (200), or one.
template <class E, class Run>
void with_bounds(int warps, Run const& run) {
  if constexpr (sizeof(typename E::Value) == 2 && E::width < 64)
    run.template operator()<256, 2>();
  else if constexpr (sizeof(typename E::Value) == 2 && E::width == 64)
    warps <= 6 ? run.template operator()<192, 2>() : run.template operator()<256, 2>();
  else if constexpr (E::width <= 80)
    run.template operator()<320, 1>();
  else
    run.template operator()<256, 1>();
}

template <class E>
void launch_fused(FusionAttentionBackward const& a, FusedPlan const& plan, bool wide,
                  void* stream) {
  WorkspaceParts const parts(a, plan.splits);
  dim3 const grid(a.shape.batch * a.shape.heads, plan.splits), block(32 * plan.warps);
  ScoreMask const mask(a.shape.dropout);
  with_bounds<E>(plan.warps, [&]<int threads, int blocks>() {
    VLSM_LAUNCH((fusion_attention_backward<E, threads, blocks>), grid, block, plan.shared_bytes,
                stream, a, mask, parts.sums_k, parts.sums_v, plan, wide);
  });
  launch_sum<typename E::Value>(a, parts, plan.splits, stream);
}

template <class E>
void launch_in_parts(FusionAttentionBackward const& a, AttentionTuning const& tuning, bool wide,
                     void* stream) {
  static_assert(E::rows == backward_rows);
  QueryPlan const by_query = query_plan(a.shape, 2, E::rows, tuning);
  KeyPlan const by_key = key_plan(a.shape, E::rows, tuning);
  WorkspaceParts const parts(a, by_key.splits);
  ScoreMask const mask(a.shape.dropout);
  if (a.shape.queries > 0)
    VLSM_LAUNCH((fusion_attention_backward_queries<E>), query_grid(a.shape, by_query, E::rows),
                dim3(32 * by_query.warps), by_query.shared_bytes, stream, a, mask, parts.delta,
                by_query, wide);
  if (a.shape.keys == 0) return;
  VLSM_LAUNCH((fusion_attention_backward_keys<E>),
              dim3(a.shape.batch * a.shape.heads, divide_up(a.shape.keys, by_key.warps * E::rows),
                   by_key.splits),
              dim3(32 * by_key.warps), by_key.shared_bytes, stream, a, mask, parts.delta,
              parts.sums_k, parts.sums_v, by_key, wide);
  launch_sum<typename E::Value>(a, parts, by_key.splits, stream);
}

}  // namespace attention

void launch(FusionAttentionBackward const& a, void* stream) {
  if (a.shape.batch == 0 || a.shape.heads == 0) return;
  attention::check_strides({a.q_strides, a.k_strides, a.v_strides, a.out_strides,
                            a.grad_out_strides, a.grad_q_strides, a.grad_k_strides,
                            a.grad_v_strides});
  attention::dispatch(a.shape, [&]<Arithmetic arithmetic, int width>() {
    auto const tuning = attention::gpu_tuning();
    auto const aligned = [&](void const* pointer, AttentionStrides const& strides) {
      return attention::aligned_16(a.shape, pointer, strides);
    };
    bool const wide = aligned(a.q, a.q_strides) && aligned(a.k, a.k_strides) &&
                      aligned(a.v, a.v_strides) && aligned(a.out, a.out_strides) &&
                      aligned(a.grad_out, a.grad_out_strides) &&
                      aligned(a.grad_q, a.grad_q_strides);
    if constexpr (arithmetic != Arithmetic::f32) {
      FusedPlan const plan = fused_plan(a.shape, tuning);
      if (plan.shared_bytes > 0)
        return attention::launch_fused<attention::FusedEngine<arithmetic, width>>(a, plan, wide,
                                                                                  stream);
    }
    attention::launch_in_parts<attention::BackwardEngine<arithmetic, width>>(a, tuning, wide,
                                                                             stream);
  });
}

std::size_t workspace_bytes(AttentionShape const& shape) {
  attention::Workspace const sizes(shape);
  auto const tuning = attention::gpu_tuning();
  FusedPlan const fused = fused_plan(shape, tuning);
  int const splits = fused.shared_bytes > 0
                         ? fused.splits
                         : key_plan(shape, attention::backward_rows, tuning).splits;
  return sizeof(float) * static_cast<std::size_t>(sizes.delta + 2 * splits * sizes.sums);
}

}  // namespace vlsm::kernels
