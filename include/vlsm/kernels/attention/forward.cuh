// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/rows.cuh"

namespace vlsm::kernels::attention {

/// The running softmax of a lane's rows: greatest score so far, sum of the exponentials.
template <class E>
struct Softmax {
  float greatest[E::own], sum[E::own];

  __device__ Softmax() {
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      greatest[r] = -INFINITY;
      sum[r] = 0;
    }
  }

  /// Scores (E::raised) become exponentials; what was summed before is brought to the new greatest
  /// score. Each row has a score in each chunk, so `greatest` is finite from here on.
  __device__ void take(float (&s)[E::chunk / 8][2 * E::own], float (&o)[E::width / 8][2 * E::own],
                       float steepness, bool first) {
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      float top = s[0][2 * r];
      VLSM_UNROLL
      for (int j = 0; j < E::chunk / 8; ++j) top = fmaxf(top, fmaxf(s[j][2 * r], s[j][2 * r + 1]));
      top = fmaxf(greatest[r], warp_max<4>(top) * steepness);
      float const factor = first ? 1.0f : E::exponential(greatest[r], 1.0f, top);
      greatest[r] = top;
      float part = 0;
      VLSM_UNROLL
      for (int j = 0; j < E::chunk / 8; ++j) {
        VLSM_UNROLL
        for (int c = 2 * r; c < 2 * r + 2; ++c) {
          s[j][c] = E::exponential(s[j][c], steepness, top);
          part += s[j][c];
        }
      }
      sum[r] = sum[r] * factor + warp_sum<4>(part);
      if (first) continue;
      VLSM_UNROLL
      for (int j = 0; j < E::width / 8; ++j) {
        o[j][2 * r] *= factor;
        o[j][2 * r + 1] *= factor;
      }
    }
  }
};

/// Scores as the softmax compares them; those of columns from `left` on are minus infinity.
template <class E>
__device__ void raise(float (&s)[E::chunk / 8][2 * E::own], float scale, int left,
                      Place const& place) {
  if (E::exact || scale < 0.0f) {
    VLSM_UNROLL
    for (int j = 0; j < E::chunk / 8; ++j) {
      VLSM_UNROLL
      for (int i = 0; i < 2 * E::own; ++i) s[j][i] = E::raised(s[j][i], scale);
    }
  }
  VLSM_UNROLL
  for (int j = 0; j < E::chunk / 8; ++j) {
    if (8 * j + 8 <= left) continue;
    VLSM_UNROLL
    for (int i = 0; i < 2 * E::own; ++i)
      if (E::column(2 * j + i % 2, place.t) >= left) s[j][i] = -INFINITY;
  }
}

/// A warp owns E::rows queries and walks over the keys, a chunk at a time; the block shares K and V
/// in shared memory: all of them where they fit, else a tile at a time.
/// Grid: B H heads, then groups of queries.
template <class E>
__global__ void __launch_bounds__(128, E::exact ? 2 : 3)
    fusion_attention_forward(FusionAttentionForward a, ScoreMask mask, QueryPlan plan, bool wide) {
  using T = typename E::Value;
  AttentionShape const& shape = a.shape;
  Place const place(shape);
  constexpr int row_bytes = E::stride * static_cast<int>(sizeof(T));
  int const own_bytes = plan.warps * E::rows * row_bytes, tile_bytes = plan.tile * row_bytes;
  auto const queries = shared_array<T>(place.warp * E::rows * row_bytes, E::rows * E::stride);
  auto const keys = shared_array<T>(own_bytes, plan.tile * E::stride);
  auto const values = shared_array<T>(own_bytes + tile_bytes, plan.tile * E::stride);

  auto const load_tile = [&](int begin) {
    int const count = place.length - begin < plan.tile ? place.length - begin : plan.tile;
    load_rows<E::width>(keys, Rows<T>(a.k, a.k_strides, place, begin, place.length),
                        round_up(count, 16), place.thread, place.threads, wide);
    commit_copies();
    load_rows<E::width>(values, Rows<T>(a.v, a.v_strides, place, begin, place.length),
                        round_up(count, 16), place.thread, place.threads, wide);
    commit_copies();
  };
  // Where all keys fit, they are loaded once for all groups.
  bool const once = place.length <= plan.tile;
  if (once) load_tile(0);
  for (int group = 0; group < plan.groups; ++group) {
    int const first_row = first_query<E>(plan, group, place);
    // Each lane refills what it read itself a moment ago; no need to rely on it.
    if (group > 0) __syncwarp();
    load_rows<E::width>(queries, Rows<T>(a.q, a.q_strides, place, first_row, shape.queries),
                        E::rows, place.lane, 32, wide);
    commit_copies();
    if (once) {
      wait_for_copies<0>();
      if (group == 0) __syncthreads();
      __syncwarp();
    }
    Softmax<E> softmax;
    float o[E::width / 8][2 * E::own];
    clear(o);
    for (int begin = 0; begin < place.length; begin += plan.tile) {
      int const count = place.length - begin < plan.tile ? place.length - begin : plan.tile;
      if (!once) {
        if (group > 0 || begin > 0) __syncthreads();
        load_tile(begin);
        wait_for_copies<1>();
        __syncthreads();
      }
      for (int chunk = 0; chunk < count; chunk += E::chunk) {
        int const left = count - chunk;
        float s[E::chunk / 8][2 * E::own];
        clear(s);
        E::product(s, queries, keys.from(chunk * E::stride), left, place);
        raise<E>(s, shape.scale, left, place);
        softmax.take(s, o, E::steepness(shape.scale), begin + chunk == 0);
        if (shape.dropout.threshold != 0) {
          draw_dropout<E>(shape, mask, first_row, begin + chunk, left, place,
                          [&](int r, int f, bool kept) {
                            if (!kept) s[f / 2][2 * r + f % 2] = 0;
                          });
        }
        if (!once && chunk == 0) {
          wait_for_copies<0>();
          __syncthreads();
        }
        E::accumulate(o, s, values.from(chunk * E::stride), left, place);
      }
    }

    // The queries are no longer needed: their place takes the results on their way out.
    float factor[E::own];
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      int const row = first_row + place.g + 8 * r;
      factor[r] = place.length > 0 ? E::quotient(shape.dropout_scale, softmax.sum[r]) : 0.0f;
      if (a.lse != nullptr && place.t == 0 && row < shape.queries)
        a.lse[static_cast<std::int64_t>(blockIdx.x) * shape.queries + row] =
            fmaf(softmax.greatest[r], E::natural, E::logarithm(softmax.sum[r]));
    }
    store_rows<E>(Rows<T>(a.out, a.out_strides, place, first_row, shape.queries), queries, o,
                  factor, place, wide);
  }
}

}  // namespace vlsm::kernels::attention
