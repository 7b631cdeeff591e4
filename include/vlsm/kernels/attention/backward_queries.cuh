// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/rows.cuh"

namespace vlsm::kernels::attention {

/// sum(grad_out * out) of one row, in each of its four lanes. They share the work, unless the
/// products of E are exact: then the order of the sum is that of E::product, so that with a single
/// key, where this is what its score's gradient is subtracted from, the difference is zero.
template <class E, class T>
__device__ float dot_rows(Shared<T> grad_out, T const* out, int t, bool wide) {
  constexpr int lanes = E::exact ? 1 : 4;
  int const lane = E::exact ? 0 : t;
  float sum = 0;
  if (wide) {
    constexpr int step = 16 / static_cast<int>(sizeof(T));
    for (int column = lane * step; column < E::width; column += lanes * step) {
      auto const left = load_vector<step>(grad_out, column);
      auto const right = load_vector<step>(out + column);
      VLSM_UNROLL
      for (int i = 0; i < step; ++i) sum = fmaf(to_float(left[i]), to_float(right[i]), sum);
    }
  } else {
    for (int column = lane; column < E::width; column += lanes)
      sum = fmaf(to_float(T(grad_out[column])), to_float(out[column]), sum);
  }
  return warp_sum<lanes>(sum);
}

/// The same of two rows in shared memory, by four lanes.
template <class E, class T>
__device__ float dot_shared(Shared<T> left_row, Shared<T> right_row, int t) {
  constexpr int step = 16 / static_cast<int>(sizeof(T));
  float sum = 0;
  VLSM_UNROLL
  for (int column = t * step; column < E::width; column += 4 * step) {
    auto const left = load_vector<step>(left_row, column);
    auto const right = load_vector<step>(right_row, column);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) sum = fmaf(to_float(left[i]), to_float(right[i]), sum);
  }
  return warp_sum<4>(sum);
}

/// Scores (raw) become probabilities; `lse` (in E's unit) for row r and column f.
template <class E, class Lse>
__device__ void normalize(float (&s)[E::chunk / 8][2 * E::own], AttentionShape const& shape,
                          Lse const& lse) {
  VLSM_UNROLL
  for (int f = 0; f < E::chunk / 4; ++f) {
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      float& score = s[f / 2][2 * r + f % 2];
      score = E::probability(score, shape.scale, lse(r, f));
    }
  }
}

/// Probabilities p, negative where dropout takes them away, and their gradients dp become: p what
/// dropout left of them, dp the gradient of the scores. `delta` for row r and column f.
template <class E, class Delta>
__device__ void differentiate(float (&p)[E::chunk / 8][2 * E::own],
                              float (&dp)[E::chunk / 8][2 * E::own], AttentionShape const& shape,
                              Delta const& delta) {
  VLSM_UNROLL
  for (int f = 0; f < E::chunk / 4; ++f) {
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      float& probability = p[f / 2][2 * r + f % 2];
      float& grad = dp[f / 2][2 * r + f % 2];
      float const factor = probability < 0.0f ? 0.0f : shape.dropout_scale;
      grad = fabsf(probability) * (grad * factor - delta(r, f));
      probability *= factor;
    }
  }
}

/// grad_q, and delta = sum(grad_out * out) of each row for the kernel that comes next. Laid out as
/// the forward: a warp owns queries.
template <class E>
__global__ void __launch_bounds__(128, E::exact || E::width > 64 ? 3 : 4)
    fusion_attention_backward_queries(FusionAttentionBackward a, ScoreMask mask, float* delta_out,
                                      QueryPlan plan, bool wide) {
  using T = typename E::Value;
  AttentionShape const& shape = a.shape;
  Place const place(shape);
  constexpr int row_bytes = E::stride * static_cast<int>(sizeof(T));
  int const own_bytes = plan.warps * E::rows * row_bytes, tile_bytes = plan.tile * row_bytes;
  auto const queries = shared_array<T>(place.warp * E::rows * row_bytes, E::rows * E::stride);
  auto const grads =
      shared_array<T>(own_bytes + place.warp * E::rows * row_bytes, E::rows * E::stride);
  auto const keys = shared_array<T>(2 * own_bytes, plan.tile * E::stride);
  auto const values = shared_array<T>(2 * own_bytes + tile_bytes, plan.tile * E::stride);

  for (int group = 0; group < plan.groups; ++group) {
    int const first_row = first_query<E>(plan, group, place);
    // Each lane refills what it read itself a moment ago; no need to rely on it.
    if (group > 0) __syncwarp();
    load_rows<E::width>(queries, Rows<T>(a.q, a.q_strides, place, first_row, shape.queries),
                        E::rows, place.lane, 32, wide);
    load_rows<E::width>(grads,
                        Rows<T>(a.grad_out, a.grad_out_strides, place, first_row, shape.queries),
                        E::rows, place.lane, 32, wide);
    commit_copies();
    wait_for_copies<0>();
    __syncwarp();
    Rows<T> const out(a.out, a.out_strides, place, first_row, shape.queries);
    float lse[E::own], delta[E::own];
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      int const row = place.g + 8 * r;
      bool const there = row < out.count;
      std::int64_t const index =
          static_cast<std::int64_t>(blockIdx.x) * shape.queries + first_row + row;
      // Lanes of one row go the same way, but a warp's rows may not: the sum is taken by all.
      int const near = there ? row : 0;
      delta[r] = dot_rows<E>(grads.from(row * E::stride), out.at(near, 0), place.t, wide);
      // Queries that are not there: probability 0.
      lse[r] = there ? a.lse[index] * E::unit : INFINITY;
      if (there && place.t == 0) delta_out[index] = delta[r];
    }

    float dq[E::width / 8][2 * E::own], total[E::own] = {};
    clear(dq);
    for (int begin = 0; begin < place.length; begin += plan.tile) {
      int const count = place.length - begin < plan.tile ? place.length - begin : plan.tile;
      if (group == 0 || place.length > plan.tile) {
        if (group > 0 || begin > 0) __syncthreads();
        int const padded = round_up(count, 16);
        load_rows<E::width>(keys, Rows<T>(a.k, a.k_strides, place, begin, place.length), padded,
                            place.thread, place.threads, wide);
        load_rows<E::width>(values, Rows<T>(a.v, a.v_strides, place, begin, place.length), padded,
                            place.thread, place.threads, wide);
        commit_copies();
        wait_for_copies<0>();
        __syncthreads();
      }
      for (int chunk = 0; chunk < count; chunk += E::chunk) {
        int const left = count - chunk;
        float s[E::chunk / 8][2 * E::own], dp[E::chunk / 8][2 * E::own];
        clear(s);
        clear(dp);
        E::product(s, queries, keys.from(chunk * E::stride), left, place);
        E::product(dp, grads, values.from(chunk * E::stride), left, place);
        normalize<E>(s, shape, [&](int r, int f) {
          return E::column(f, place.t) < left ? lse[r] : INFINITY;
        });
        if constexpr (E::exact) {
          VLSM_UNROLL
          for (int f = 0; f < E::chunk / 4; ++f) {
            VLSM_UNROLL
            for (int r = 0; r < E::own; ++r) total[r] += s[f / 2][2 * r + f % 2];
          }
        }
        if (shape.dropout.threshold != 0) {
          draw_dropout<E>(shape, mask, first_row, begin + chunk, left, place,
                          [&](int r, int f, bool kept) {
                            float& probability = s[f / 2][2 * r + f % 2];
                            if (!kept) probability = -probability;
                          });
        }
        differentiate<E>(s, dp, shape, [&](int r, int) { return delta[r]; });
        E::accumulate(dq, dp, keys.from(chunk * E::stride), left, place);
      }
    }

    float factor[E::own];
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      // The log-sum-exp was rounded, which moves all probabilities of a row alike, and so their
      // sum. Where the factors of the products are rounded, too, it makes no difference.
      float const sum = E::exact ? warp_sum<4>(total[r]) : 1.0f;
      factor[r] = sum > 0 ? shape.scale / sum : 0.0f;
    }
    store_rows<E>(Rows<T>(a.grad_q, a.grad_q_strides, place, first_row, shape.queries), queries, dq,
                  factor, place, wide);
  }
}

}  // namespace vlsm::kernels::attention
