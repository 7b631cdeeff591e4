// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/launch.hpp"
#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/floats.cuh"

namespace vlsm::kernels::add_norm {

/// How rows of up to `columns` numbers lie in a block: a team of `lanes` neighboring threads holds
/// one, `pieces` times four neighbors each. Rows of 64 numbers lie side by side in a warp, those of
/// 768 fill six pieces, and the longest ones take several warps, since the registers are theirs.
template <int lanes_, int pieces_>
struct Layout {
  static constexpr int lanes = lanes_, pieces = pieces_, columns = lanes * pieces * step;
  static constexpr int threads = pieces > 4 ? 128 : 256, teams = threads / lanes;
  /// Threads that go through a kernel together: those of a warp, or of a block whose warps meet.
  static constexpr int together = lanes > 32 ? threads : 32;
  /// Floats of shared memory that sums over a team take.
  static constexpr int scratch = lanes > 32 ? 4 * threads / 32 : 0;
};

/// A thread's row: its lanes walk from row to row, all teams of the grid side by side. Numbers
/// beyond the last column are zeros.
template <class Layout>
struct Row {
  static constexpr int lanes = Layout::lanes, pieces = Layout::pieces;

  std::ptrdiff_t row;
  int width, lane;
  bool wide, there;

  __device__ Row(AddNormShape const& shape, bool aligned)
      : row(std::ptrdiff_t{blockIdx.x} * Layout::teams + threadIdx.x / lanes),
        width(shape.columns),
        lane(threadIdx.x % lanes),
        wide(aligned),
        there(row < shape.rows) {}

  __device__ void advance(std::ptrdiff_t rows) {
    row += std::ptrdiff_t{gridDim.x} * Layout::teams;
    there = row < rows;
  }
  /// The first row of the threads that go together: while it is there, all of them go on.
  __device__ std::ptrdiff_t first_together() const {
    return row - static_cast<int>(threadIdx.x % Layout::together) / lanes;
  }

  __device__ int column_of(int piece) const { return step * (lane + lanes * piece); }
  __device__ int count_of(int piece) const {
    int const rest = width - column_of(piece);
    return rest <= 0 || !there ? 0 : rest < step ? rest : step;
  }
  /// The row of a matrix; zeros where there is no matrix.
  template <class T>
  __device__ void fetch_row(void const* from, Four<T> (&to)[pieces]) const {
    if (from != nullptr) fetch_pieces(static_cast<T const*>(from) + row * width, to);
  }
  /// A vector [columns].
  template <class T>
  __device__ void fetch_vector(void const* from, Four<T> (&to)[pieces]) const {
    fetch_pieces(static_cast<T const*>(from), to);
  }
  template <class T>
  __device__ void put(void* to, int piece, float const (&from)[step]) const {
    store(static_cast<T*>(to) + row * width + column_of(piece), count_of(piece), wide, from);
  }
  template <class T>
  __device__ void fetch_pieces(T const* from, Four<T> (&to)[pieces]) const {
    VLSM_UNROLL
    for (int k = 0; k < pieces; ++k) fetch(from + column_of(k), count_of(k), wide, to[k]);
  }
  /// The sums over the row of what each lane has, in all of its lanes, in a fixed order. `turn`
  /// counts the calls: those of several warps take turns with two places in shared memory, which
  /// begin at byte `first_byte`.
  __device__ static void add_up(float& one, float& other, int turn, int first_byte) {
    one = warp_sum<(lanes < 32 ? lanes : 32)>(one);
    other = warp_sum<(lanes < 32 ? lanes : 32)>(other);
    if constexpr (lanes > 32) {
      constexpr int warps = Layout::threads / 32, each = lanes / 32;
      auto const sums = shared_array<float>(first_byte, Layout::scratch).from(turn % 2 * 2 * warps);
      int const warp = static_cast<int>(threadIdx.x / 32), first = warp / each * each;
      if (threadIdx.x % 32 == 0) {
        sums[2 * warp] = one;
        sums[2 * warp + 1] = other;
      }
      __syncthreads();
      one = other = 0;
      VLSM_UNROLL
      for (int i = 0; i < each; ++i) {
        one += sums[2 * (first + i)];
        other += sums[2 * (first + i) + 1];
      }
    }
  }

  /// Which of the lane's numbers dropout keeps: bit `step * piece + i`. The loop is not unrolled:
  /// draws side by side would take the registers of the row.
  __device__ std::uint64_t kept_by(DropoutMask const& mask) const {
    static_assert(pieces * step <= 64);
    std::uint64_t bits = 0;
    VLSM_ROLLED
    for (int piece = 0; piece < pieces; ++piece) {
      std::uint64_t const first = static_cast<std::uint64_t>(row) * width + column_of(piece);
      bool kept[step];
      if (width % step == 0) {
        mask.keep_four(first, kept);
      } else {
        VLSM_UNROLL
        for (int i = 0; i < step; ++i) kept[i] = mask.keeps(first + i);
      }
      VLSM_UNROLL
      for (int i = 0; i < step; ++i) bits |= std::uint64_t{kept[i]} << (step * piece + i);
    }
    return bits;
  }
  /// What dropout leaves of a piece.
  __device__ static void drop(std::uint64_t kept, float scale, int piece, float (&values)[step]) {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      values[i] = (kept >> (step * piece + i) & 1) != 0 ? values[i] * scale : 0.0f;
  }
};

}  // namespace vlsm::kernels::add_norm
