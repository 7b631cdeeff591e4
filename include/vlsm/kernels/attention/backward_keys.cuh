// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/backward_queries.cuh"

namespace vlsm::kernels::attention {

/// The workspace, in floats: delta [B, H, Nq], then grad_k and grad_v [splits, B, H, Nk, D].
struct Workspace {
  std::int64_t delta, sums;
  VLSM_HOST_DEVICE Workspace(AttentionShape const& shape)
      : delta((std::int64_t{shape.batch} * shape.heads * shape.queries + 3) / 4 * 4),
        sums(std::int64_t{shape.batch} * shape.heads * shape.keys * shape.width) {}
};

/// Makes the probabilities that dropout takes away negative, where a lane's rows are keys (from
/// `first_key` on, a multiple of 16) and its columns queries (from `first_query` on). Two lanes of
/// neighboring keys share the draws of two queries: each draws for one and tells the other.
template <class E>
__device__ void drop_by_key(float (&p)[E::chunk / 8][2 * E::own], AttentionShape const& shape,
                            ScoreMask const& mask, int first_query, int first_key,
                            Place const& place) {
  static_assert(E::own == 2);
  std::uint32_t const row =
      blockIdx.x * static_cast<unsigned>(shape.queries) + first_query + 2 * place.t;
  int const odd = place.g % 2;
  // Two bits a pair of queries: what is dropped of this lane's two keys, and of the other's.
  std::uint32_t mine = 0, others = 0;
  VLSM_UNROLL
  for (int j = 0; j < E::chunk / 8; ++j) {
    PhiloxWords const words = mask.draw(row + 8 * j + odd, first_key + place.g - odd);
    std::uint32_t bits = 0;
    VLSM_UNROLL
    for (int i = 0; i < 4; ++i)
      bits |= static_cast<std::uint32_t>(words.word[i] < mask.mask.threshold) << i;
    std::uint32_t const of_odd = bits >> 1;
    mine |= ((odd != 0 ? of_odd : bits) & 5u) << (4 * j);
    others |= ((odd != 0 ? bits : of_odd) & 5u) << (4 * j);
  }
  others = __shfl_xor_sync(full_warp, others, 4);
  std::uint32_t const even_query = odd != 0 ? others : mine, odd_query = odd != 0 ? mine : others;
  VLSM_UNROLL
  for (int j = 0; j < E::chunk / 8; ++j) {
    VLSM_UNROLL
    for (int i = 0; i < 4; ++i) {
      std::uint32_t const bits = i % 2 == 0 ? even_query : odd_query;
      if ((bits >> (4 * j + i / 2 * 2) & 1u) != 0) p[j][i] = -p[j][i];
    }
  }
}

/// Writes a warp's sums over the queries of a split to their place in the workspace, as zeros for
/// keys that do not count.
template <class E>
__device__ void store_sums(float* sums_k, float* sums_v, float (&dk)[E::width / 8][2 * E::own],
                           float (&dv)[E::width / 8][2 * E::own], AttentionShape const& shape,
                           int first_key, std::int64_t split, Place const& place) {
  VLSM_UNROLL
  for (int r = 0; r < E::own; ++r) {
    int const key = first_key + place.g + 8 * r;
    if (key >= shape.keys) continue;
    std::int64_t const heads = static_cast<std::int64_t>(shape.batch) * shape.heads;
    std::int64_t const row = (split * heads + blockIdx.x) * shape.keys + key;
    bool const counts = key < place.length;
    VLSM_UNROLL
    for (int j = 0; j < E::width / 8; ++j) {
      std::int64_t const index = row * E::width + E::out_column(2 * j, place.t);
      auto const two = [&](float(&sums)[2 * E::own], float factor) {
        return Vector<float, 2>{
            {counts ? sums[2 * r] * factor : 0.0f, counts ? sums[2 * r + 1] * factor : 0.0f}};
      };
      store_vector(sums_k + index, two(dk[j], shape.scale));
      store_vector(sums_v + index, two(dv[j], 1.0f));
    }
  }
}

/// The sums over a part of the queries for grad_k and grad_v: a warp owns E::rows keys and walks
/// over the queries, which the block shares; the next tile is copied while this one is used.
/// Grid: B H heads, then groups of keys, then splits of the queries.
template <class E>
__global__ void __launch_bounds__(256, 1)
    fusion_attention_backward_keys(FusionAttentionBackward a, ScoreMask mask, float const* delta_in,
                                   float* sums_k, float* sums_v, KeyPlan plan, bool wide) {
  using T = typename E::Value;
  AttentionShape const& shape = a.shape;
  Place const place(shape);
  int const first_key = (static_cast<int>(blockIdx.y) * plan.warps + place.warp) * E::rows;
  constexpr int row_bytes = E::stride * static_cast<int>(sizeof(T));
  int const own_bytes = E::rows * row_bytes, tile_bytes = plan.tile * row_bytes;
  int const stages_at = 2 * plan.warps * own_bytes;
  auto const keys = shared_array<T>(2 * place.warp * own_bytes, E::rows * E::stride);
  auto const values = shared_array<T>((2 * place.warp + 1) * own_bytes, E::rows * E::stride);
  auto const queries = shared_array<T>(stages_at, 2 * plan.tile * E::stride);
  auto const grads = shared_array<T>(stages_at + 2 * tile_bytes, 2 * plan.tile * E::stride);
  auto const lse = shared_array<float>(stages_at + 4 * tile_bytes, 2 * plan.tile);
  auto const delta = shared_array<float>(stages_at + 4 * tile_bytes + 8 * plan.tile, 2 * plan.tile);

  int const begin = static_cast<int>(blockIdx.z) * plan.queries_a_split;
  int const end =
      begin + plan.queries_a_split < shape.queries ? begin + plan.queries_a_split : shape.queries;
  auto const start_tile = [&](int first, int stage) {
    load_rows<E::width>(queries.from(stage * plan.tile * E::stride),
                        Rows<T>(a.q, a.q_strides, place, first, end), plan.tile, place.thread,
                        place.threads, wide);
    load_rows<E::width>(grads.from(stage * plan.tile * E::stride),
                        Rows<T>(a.grad_out, a.grad_out_strides, place, first, end), plan.tile,
                        place.thread, place.threads, wide);
    for (int i = place.thread; i < plan.tile; i += place.threads) {
      std::int64_t const index = static_cast<std::int64_t>(blockIdx.x) * shape.queries + first + i;
      bool const there = first + i < end;
      // Queries that are not there: probability 0.
      lse[stage * plan.tile + i] = there ? a.lse[index] * E::unit : INFINITY;
      delta[stage * plan.tile + i] = there ? delta_in[index] : 0.0f;
    }
  };

  float dk[E::width / 8][2 * E::own], dv[E::width / 8][2 * E::own];
  clear(dk);
  clear(dv);
  // Blocks whose keys all lie beyond the length have only zeros to write.
  if (static_cast<int>(blockIdx.y) * plan.warps * E::rows < place.length) {
    load_rows<E::width>(keys, Rows<T>(a.k, a.k_strides, place, first_key, place.length), E::rows,
                        place.lane, 32, wide);
    load_rows<E::width>(values, Rows<T>(a.v, a.v_strides, place, first_key, place.length), E::rows,
                        place.lane, 32, wide);
    start_tile(begin, 0);
    commit_copies();
    for (int first = begin, stage = 0; first < end; first += plan.tile, stage ^= 1) {
      if (first + plan.tile < end) start_tile(first + plan.tile, stage ^ 1);
      commit_copies();
      wait_for_copies<1>();
      __syncthreads();
      for (int chunk = 0; first_key < place.length && chunk < plan.tile; chunk += E::chunk) {
        int const at = stage * plan.tile + chunk;
        float s[E::chunk / 8][2 * E::own], dp[E::chunk / 8][2 * E::own];
        clear(s);
        clear(dp);
        E::product(s, keys, queries.from(at * E::stride), E::chunk, place);
        E::product(dp, values, grads.from(at * E::stride), E::chunk, place);
        normalize<E>(s, shape, [&](int, int f) { return float(lse[at + E::column(f, place.t)]); });
        if (shape.dropout.threshold != 0)
          drop_by_key<E>(s, shape, mask, first + chunk, first_key, place);
        differentiate<E>(s, dp, shape,
                         [&](int, int f) { return float(delta[at + E::column(f, place.t)]); });
        E::accumulate(dv, s, grads.from(at * E::stride), E::chunk, place);
        E::accumulate(dk, dp, queries.from(at * E::stride), E::chunk, place);
      }
      __syncthreads();
    }
    wait_for_copies<0>();
  }

  store_sums<E>(sums_k, sums_v, dk, dv, shape, first_key, blockIdx.z, place);
}

/// grad_k and grad_v: the sums of the splits, in their order. Four elements a thread; grid: enough
/// blocks, then the two gradients.
template <class T>
__global__ void __launch_bounds__(256)
    fusion_attention_backward_sum(FusionAttentionBackward a, float const* sums_k,
                                  float const* sums_v, int splits) {
  AttentionShape const& shape = a.shape;
  std::int64_t const size = Workspace(shape).sums;
  std::int64_t const index = 4 * (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x);
  if (index >= size) return;
  float const* const sums = (blockIdx.y == 0 ? sums_k : sums_v) + index;
  Vector<float, 4> total = load_vector<4>(sums);
  for (int split = 1; split < splits; ++split) {
    auto const part = load_vector<4>(sums + split * size);
    VLSM_UNROLL
    for (int i = 0; i < 4; ++i) total[i] += part[i];
  }
  std::int64_t const row = index / shape.width;
  int const column = static_cast<int>(index % shape.width);
  int const key = static_cast<int>(row % shape.keys);
  int const head = static_cast<int>(row / shape.keys % shape.heads);
  int const batch = static_cast<int>(row / shape.keys / shape.heads);
  bool const is_k = blockIdx.y == 0;
  Rows<T> const to(is_k ? a.grad_k : a.grad_v, is_k ? a.grad_k_strides : a.grad_v_strides, batch,
                   head, key, shape.keys);
  VLSM_UNROLL
  for (int i = 0; i < 4; ++i) to.first[column + i] = from_float<T>(total[i]);
}

}  // namespace vlsm::kernels::attention
