// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/backward_keys.cuh"

namespace vlsm::kernels::attention {

/// The shared memory of a block of the fused backward: K and V of all keys, `stages` tiles of Q,
/// grad_out and O (whose place takes grad_q on its way out), and the gradients of a tile's scores.
template <class E>
struct FusedMemory {
  using T = typename E::Value;
  Shared<T> keys, values, queries, grads, outs, scores;
  Shared<float> lse, delta;
  int tile, scores_stride;

  __device__ explicit FusedMemory(FusedPlan const& plan)
      : tile(plan.tile), scores_stride(plan.tile + E::scores_pad) {
    int const size = static_cast<int>(sizeof(T)), all = plan.warps * E::rows;
    int at = 0;
    auto const take = [&](int count) {
      int const begin = at;
      at += count * size;
      return shared_array<T>(begin, count);
    };
    keys = take(all * E::stride);
    values = take(all * E::stride);
    queries = take(plan.stages * tile * E::stride);
    grads = take(plan.stages * tile * E::stride);
    outs = take(plan.stages * tile * E::stride);
    scores = take(all * scores_stride);
    lse = shared_array<float>(at, plan.stages * tile);
    delta = shared_array<float>(at + 4 * plan.stages * tile, tile);
  }
};

/// Starts to fill stage `stage` with the tile of queries from `first` on; those from `end` on are
/// zeros of probability 0.
template <class E>
__device__ void start_tile(FusionAttentionBackward const& a, FusedMemory<E> const& memory,
                           Place const& place, int first, int end, int stage, bool wide) {
  using T = typename E::Value;
  int const tile = memory.tile, at = stage * tile * E::stride;
  load_rows<E::width>(memory.queries.from(at), Rows<T>(a.q, a.q_strides, place, first, end), tile,
                      place.thread, place.threads, wide);
  load_rows<E::width>(memory.grads.from(at),
                      Rows<T>(a.grad_out, a.grad_out_strides, place, first, end), tile,
                      place.thread, place.threads, wide);
  load_rows<E::width>(memory.outs.from(at), Rows<T>(a.out, a.out_strides, place, first, end), tile,
                      place.thread, place.threads, wide);
  for (int i = place.thread; i < tile; i += place.threads)
    memory.lse[stage * tile + i] =
        first + i < end
            ? a.lse[static_cast<std::int64_t>(blockIdx.x) * a.shape.queries + first + i] * E::unit
            : INFINITY;
  commit_copies();
}

/// Blocks of the fused backward that a multiprocessor must have registers for. Blackwell's compiler
/// wants a few more than eight warps of 64 numbers leave.
template <class E, int threads, int blocks>
constexpr int blocks_at_once() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
  return E::width == 64 && threads == 256 ? 1 : blocks;
#else
  return blocks;
#endif
}

/// All of the backward but the sum of the splits, where a block has room for all keys: a warp owns
/// E::rows of them and sums up grad_k and grad_v over a part of the queries, as in
/// fusion_attention_backward_keys; the gradients of the scores that the warps find go through
/// shared memory once, and the block multiplies them by K: grad_q. Nothing is read or computed
/// twice. Grid: B H heads, then splits of the queries.
template <class E, int most_threads, int blocks>
__global__ void __launch_bounds__(most_threads, blocks_at_once<E, most_threads, blocks>())
    fusion_attention_backward(FusionAttentionBackward a, ScoreMask mask, float* sums_k,
                              float* sums_v, FusedPlan plan, bool wide) {
  using T = typename E::Value;
  AttentionShape const& shape = a.shape;
  Place const place(shape);
  FusedMemory<E> const memory(plan);
  int const tile = plan.tile, first_key = place.warp * E::rows;
  int const begin = static_cast<int>(blockIdx.y) * plan.queries_a_split;
  int const end =
      begin + plan.queries_a_split < shape.queries ? begin + plan.queries_a_split : shape.queries;
  auto const store_tile = [&](int first, int stage) {
    copy_out<E::width>(Rows<T>(a.grad_q, a.grad_q_strides, place, first, end),
                       memory.outs.from(stage * tile * E::stride), tile, place.thread,
                       place.threads, wide);
  };

  Shared<T> const keys = memory.keys.from(first_key * E::stride),
                  values = memory.values.from(first_key * E::stride),
                  scores = memory.scores.from(first_key * memory.scores_stride);
  load_rows<E::width>(keys, Rows<T>(a.k, a.k_strides, place, first_key, place.length), E::rows,
                      place.lane, 32, wide);
  load_rows<E::width>(values, Rows<T>(a.v, a.v_strides, place, first_key, place.length), E::rows,
                      place.lane, 32, wide);
  commit_copies();
  if (begin < end) start_tile<E>(a, memory, place, begin, end, 0, wide);

  float dk[E::width / 8][2 * E::own], dv[E::width / 8][2 * E::own];
  clear(dk);
  clear(dv);
  int stage = 0;
  for (int first = begin; first < end; first += tile) {
    wait_for_copies<0>();
    __syncthreads();
    int const other = plan.stages - 1 - stage;  // with a single stage: the same
    if (first > begin && plan.stages == 2) store_tile(first - tile, other);
    for (int row = place.thread / 4; row < tile; row += place.threads / 4) {
      int const at = (stage * tile + row) * E::stride;
      float const sum = dot_shared<E>(memory.grads.from(at), memory.outs.from(at), place.t);
      if (place.t == 0) memory.delta[row] = sum;
    }
    __syncthreads();
    if (plan.stages == 2 && first + tile < end)
      start_tile<E>(a, memory, place, first + tile, end, other, wide);
    for (int chunk = 0; first_key < place.length && chunk < tile; chunk += E::chunk) {
      int const at = stage * tile + chunk;
      float s[E::chunk / 8][2 * E::own], dp[E::chunk / 8][2 * E::own];
      clear(s);
      clear(dp);
      E::product(s, keys, memory.queries.from(at * E::stride), E::chunk, place);
      E::product(dp, values, memory.grads.from(at * E::stride), E::chunk, place);
      normalize<E>(s, shape, [&](int r, int f) {
        // Keys that do not count: probability 0.
        return first_key + place.g + 8 * r < place.length
                   ? float(memory.lse[at + E::column(f, place.t)])
                   : INFINITY;
      });
      if (shape.dropout.threshold != 0)
        drop_by_key<E>(s, shape, mask, first + chunk, first_key, place);
      differentiate<E>(s, dp, shape, [&](int, int f) {
        return float(memory.delta[chunk + E::column(f, place.t)]);
      });
      VLSM_UNROLL
      for (int j = 0; j < E::chunk / 8; ++j) {
        VLSM_UNROLL
        for (int r = 0; r < E::own; ++r)
          store_vector(
              scores, (place.g + 8 * r) * memory.scores_stride + chunk + E::column(2 * j, place.t),
              Vector<T, 2>{{from_float<T>(dp[j][2 * r]), from_float<T>(dp[j][2 * r + 1])}});
      }
      E::accumulate(dv, s, memory.grads.from(at * E::stride), E::chunk, place);
      E::accumulate(dk, dp, memory.queries.from(at * E::stride), E::chunk, place);
    }
    __syncthreads();
    // grad_q, 16 queries by 16 columns at a time.
    int const count = round_up(place.length, E::rows);
    for (int unit = place.warp; unit < tile / 16 * (E::width / 16); unit += plan.warps) {
      int const query = unit / (E::width / 16) * 16, column = unit % (E::width / 16) * 16;
      float dq[2][4] = {};
      E::multiply_transposed(dq, memory.scores.from(query), memory.scores_stride,
                             memory.keys.from(column), count, place);
      VLSM_UNROLL
      for (int j = 0; j < 2; ++j) {
        VLSM_UNROLL
        for (int r = 0; r < 2; ++r)
          store_vector(
              memory.outs,
              (stage * tile + query + place.g + 8 * r) * E::stride + column + 8 * j + 2 * place.t,
              Vector<T, 2>{{from_float<T>(dq[j][2 * r] * shape.scale),
                            from_float<T>(dq[j][2 * r + 1] * shape.scale)}});
      }
    }
    if (plan.stages == 1) {
      __syncthreads();
      store_tile(first, 0);
      __syncthreads();
      if (first + tile < end) start_tile<E>(a, memory, place, first + tile, end, 0, wide);
    } else {
      stage = other;
    }
  }
  wait_for_copies<0>();
  if (plan.stages == 2 && begin < end) {
    __syncthreads();
    store_tile(begin + (end - begin - 1) / tile * tile, plan.stages - 1 - stage);
  }
  store_sums<E>(sums_k, sums_v, dk, dv, shape, first_key, blockIdx.y, place);
}

}  // namespace vlsm::kernels::attention
