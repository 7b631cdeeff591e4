// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "vlsm/kernels/device/copy.cuh"
#include "vlsm/kernels/device/types.cuh"
#include "vlsm/kernels/device/warp.cuh"
#include "vlsm/kernels/fusion_attention/tuning.hpp"

namespace vlsm::kernels::attention {

/// Where a thread stands: its warp, and its place (g, t) in the 8 x 4 lanes of the fragments.
struct Place {
  int warp, lane, g, t;
  __device__ Place()
      : warp(static_cast<int>(threadIdx.x) / 32),
        lane(static_cast<int>(threadIdx.x) % 32),
        g(lane / 4),
        t(lane % 4) {}
};

/// A matrix of one head in global memory: `count` rows from row `first` on.
template <class T>
struct Rows {
  T* first;
  std::int64_t stride;
  int count;

  /// `pointer` is the tensor; `total` the number of its rows, of which `begin` may lie beyond.
  __device__ Rows(void const* pointer, AttentionStrides strides, int batch, int head, int begin,
                  int total)
      : first(static_cast<T*>(const_cast<void*>(pointer)) + batch * strides.batch +
              head * strides.head + (begin < total ? begin : 0) * strides.row),
        stride(strides.row),
        count(begin < total ? total - begin : 0) {}

  /// No more than `limit` rows.
  __device__ Rows up_to(int limit) const {
    Rows rows = *this;
    rows.count = count < limit ? count : limit;
    return rows;
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
    for (int i = thread; i < total * steps; i += threads) {
      int const row = i / steps, column = i % steps * step;
      bool const there = row < from.count;
      copy_async<16>(to, row * stride + column,
                     from.first + (there ? row : 0) * from.stride + column, there);
    }
  } else {
    for (int i = thread; i < total * width; i += threads) {
      int const row = i / width, column = i % width;
      to[row * stride + column] =
          row < from.count ? from.first[row * from.stride + column] : from_float<T>(0);
    }
  }
}

/// Writes a warp's rows from shared memory.
template <int width, class T>
__device__ void store_rows(Rows<T> const& to, Shared<T> from, int lane, bool wide) {
  constexpr int stride = shared_stride<T, width>;
  if (wide) {
    constexpr int step = 16 / static_cast<int>(sizeof(T)), steps = width / step;
    for (int i = lane; i < to.count * steps; i += 32) {
      int const row = i / steps, column = i % steps * step;
      store_vector(to.first + row * to.stride + column,
                   load_vector<step>(from, row * stride + column));
    }
  } else {
    for (int i = lane; i < to.count * width; i += 32) {
      int const row = i / width, column = i % width;
      to.first[row * to.stride + column] = from[row * stride + column];
    }
  }
}

/// A warp's sums, times a factor a row of the lane, into its rows of shared memory.
template <class E>
__device__ void stage(Shared<typename E::Value> to, float const (&sums)[E::width / 8][2 * E::own],
                      float const (&factor)[E::own], Place const& place) {
  using T = typename E::Value;
  VLSM_UNROLL
  for (int j = 0; j < E::width / 8; ++j) {
    VLSM_UNROLL
    for (int r = 0; r < E::own; ++r)
      store_vector(to,
                   (place.g + 8 * r) * shared_stride<T, E::width> + E::out_column(2 * j, place.t),
                   Vector<T, 2>{{from_float<T>(sums[j][2 * r] * factor[r]),
                                 from_float<T>(sums[j][2 * r + 1] * factor[r])}});
  }
}

template <int count, int width>
__device__ void clear(float (&values)[count][width]) {
  VLSM_UNROLL
  for (int i = 0; i < count; ++i) {
    VLSM_UNROLL
    for (int j = 0; j < width; ++j) values[i][j] = 0;
  }
}

/// Which of a lane's scores dropout keeps: bit f of word r for column f of its row r. A loop that
/// is not unrolled: Philox stands in the code once. `index(r, f)` is the element's index in the
/// mask.
template <int own, int columns, class Index>
__device__ void draw_dropout(std::uint32_t (&kept)[own], DropoutMask const& mask,
                             Index const& index) {
  static_assert(columns <= 32);
  VLSM_UNROLL
  for (int r = 0; r < own; ++r) kept[r] = 0xffffffffu;
  if (mask.threshold == 0) return;
  VLSM_UNROLL
  for (int r = 0; r < own; ++r) {
    kept[r] = 0;
    VLSM_ROLLED
    for (int f = 0; f < columns; ++f)
      kept[r] |= static_cast<std::uint32_t>(mask.keeps(index(r, f))) << f;
  }
}

__device__ inline int key_length(AttentionShape const& shape, int batch) {
  if (shape.key_lengths == nullptr) return shape.keys;
  int const length = shape.key_lengths[batch];
  return length < 0 ? 0 : length < shape.keys ? length : shape.keys;
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
