// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/tuning.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/copy.cuh"

namespace vlsm::kernels::attention {

__device__ inline int key_length(AttentionShape const& shape, int batch) {
  if (shape.key_lengths == nullptr) return shape.keys;
  int const length = shape.key_lengths[batch];
  return length < 0 ? 0 : length < shape.keys ? length : shape.keys;
}

/// Where a thread stands: the head that its block works on, of whose keys the first `length` count;
/// its warp, and its place (g, t) in the 8 x 4 lanes of the fragments.
struct Place {
  int batch, head, length, thread, threads, warp, lane, g, t;
  explicit __device__ Place(AttentionShape const& shape)
      : batch(static_cast<int>(blockIdx.x) / shape.heads),
        head(static_cast<int>(blockIdx.x) % shape.heads),
        length(key_length(shape, batch)),
        thread(static_cast<int>(threadIdx.x)),
        threads(static_cast<int>(blockDim.x)),
        warp(thread / 32),
        lane(thread % 32),
        g(lane / 4),
        t(lane % 4) {}
};

/// A matrix of one head in global memory: `count` rows from row `first` on.
template <class T>
struct Rows {
  T* first;
  std::uint32_t stride;
  int count;

  /// `pointer` is the tensor; `total` the number of its rows, of which `begin` may lie beyond.
  __device__ Rows(void const* pointer, AttentionStrides strides, int batch, int head, int begin,
                  int total)
      : first(static_cast<T*>(const_cast<void*>(pointer)) + batch * strides.batch +
              head * strides.head + (begin < total ? begin : 0) * strides.row),
        stride(static_cast<std::uint32_t>(strides.row)),
        count(begin < total ? total - begin : 0) {}
  __device__ Rows(void const* pointer, AttentionStrides strides, Place const& place, int begin,
                  int total)
      : Rows(pointer, strides, place.batch, place.head, begin, total) {}

  /// Element `column` of a row, of the next 4096 (no tile has more): addresses are a good part of
  /// what a warp computes, and 32 bits cost half (launches see to it that they suffice).
  __device__ T* at(int row, int column) const {
    return first + (static_cast<std::uint32_t>(row) * stride + static_cast<std::uint32_t>(column));
  }
};

/// Elements from one row to the next in shared memory.
template <class T, int width>
constexpr int shared_stride = width + 16 / static_cast<int>(sizeof(T));

/// Starts to fill `total` rows of shared memory, with zeros beyond those that there are. `wide`:
/// everything is aligned to 16 bytes, so the copies go past the registers (cp.async).
template <int width, class T>
__device__ void load_rows(Shared<T> to, Rows<T> const& from, int total, int thread, int threads,
                          bool wide) {
  constexpr int stride = shared_stride<T, width>;
  if (wide) {
    constexpr int step = 16 / static_cast<int>(sizeof(T)), steps = width / step;
    // Counted so that constant sizes leave neither a loop nor a comparison.
    VLSM_UNROLL
    for (int first = 0; first < total * steps; first += threads) {
      unsigned const i = static_cast<unsigned>(first + thread);
      int const row = static_cast<int>(i / steps), column = static_cast<int>(i % steps) * step;
      if (static_cast<int>(i) >= total * steps) continue;
      bool const there = row < from.count;
      copy_async<16>(to, row * stride + column, from.at(there ? row : 0, column), there);
    }
  } else {
    for (int i = thread; i < total * width; i += threads) {
      int const row = i / width, column = i % width;
      to[row * stride + column] = row < from.count ? *from.at(row, column) : from_float<T>(0);
    }
  }
}

/// Writes up to `total` rows of shared memory to those that there are; neighbors go together.
template <int width, class T>
__device__ void copy_out(Rows<T> const& to, Shared<T> from, int total, int thread, int threads,
                         bool wide) {
  constexpr int stride = shared_stride<T, width>;
  int const count = to.count < total ? to.count : total;
  if (wide) {
    constexpr int step = 16 / static_cast<int>(sizeof(T)), steps = width / step;
    VLSM_UNROLL
    for (int first = 0; first < total * steps; first += threads) {
      unsigned const i = static_cast<unsigned>(first + thread);
      int const row = static_cast<int>(i / steps), column = static_cast<int>(i % steps) * step;
      if (static_cast<int>(i) >= total * steps) continue;
      auto const piece = load_vector<step>(from, row * stride + column);
      if (row < count) store_vector(to.at(row, column), piece);
    }
  } else {
    for (int i = thread; i < count * width; i += threads) {
      int const row = i / width, column = i % width;
      *to.at(row, column) = from[row * stride + column];
    }
  }
}

/// A warp's sums, times a factor a row of the lane, become its rows of `to`. They go through its
/// part of shared memory, so that neighbors are written together.
template <class E, class T>
__device__ void store_rows(Rows<T> const& to, Shared<T> through,
                           float const (&sums)[E::width / 8][2 * E::own],
                           float const (&factor)[E::own], Place const& place, bool wide) {
  __syncwarp();
  VLSM_UNROLL
  for (int j = 0; j < E::width / 8; ++j) {
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r)
      store_vector(through, (place.g + 8 * r) * E::stride + E::out_column(2 * j, place.t),
                   Vector<T, 2>{{from_float<T>(sums[j][2 * r] * factor[r]),
                                 from_float<T>(sums[j][2 * r + 1] * factor[r])}});
  }
  __syncwarp();
  copy_out<E::width>(to, through, E::rows, place.lane, 32, wide);
}

/// The first of the queries that a warp owns, of the group that its block is at.
template <class E>
__device__ int first_query(QueryPlan const& plan, int group, Place const& place) {
  return ((static_cast<int>(blockIdx.y) * plan.groups + group) * plan.warps + place.warp) * E::rows;
}

template <int count, int width>
__device__ void clear(float (&values)[count][width]) {
  VLSM_UNROLL
  for (int i = 0; i < count; ++i) {
    VLSM_UNROLL
    for (int j = 0; j < width; ++j) values[i][j] = 0;
  }
}

/// Calls `take(r, f, kept)` for every score of a lane, whose rows are the queries from `first_row`
/// on: row r, column f. Its keys begin with key `first`, a multiple of 16, and only the next
/// `count` are drawn. One draw for four scores.
template <class E, class Take>
__device__ void draw_dropout(AttentionShape const& shape, ScoreMask const& mask, int first_row,
                             int first, int count, Place const& place, Take const& take) {
  std::uint32_t const row = blockIdx.x * static_cast<unsigned>(shape.queries) + first_row;
  VLSM_UNROLL
  for (int part = 0; part < E::chunk / 16; ++part) {
    if (16 * part >= count) continue;
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r) {
      PhiloxWords const words = mask.draw(row + place.g + 8 * r, first + 16 * part + 2 * place.t);
      VLSM_UNROLL
      for (int i = 0; i < 4; ++i) take(r, 4 * part + i, words.word[i] >= mask.mask.threshold);
    }
  }
}

/// A product that no compiler joins with the sum it goes into.
__device__ inline float rounded_product(float a, float b) {
#ifdef __CUDA_ARCH__
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

}  // namespace vlsm::kernels::attention
