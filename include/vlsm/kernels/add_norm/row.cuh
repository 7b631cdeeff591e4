// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/launch.hpp"
#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/floats.cuh"

namespace vlsm::kernels::add_norm {

/// How rows of up to `columns` numbers lie in a block: `lanes` neighboring lanes hold one, `pieces`
/// times four neighbors each. Rows of 64 numbers lie side by side in a warp, those of 768 fill six
/// pieces. The longest ones leave a block fewer warps, since the registers are theirs.
template <int lanes_, int pieces_>
struct Layout {
  static constexpr int lanes = lanes_, pieces = pieces_, columns = lanes * pieces * step;
  static constexpr int threads = pieces > 4 ? 128 : 256, teams = threads / lanes;
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

  /// The row after this one; `whole`: of the first row of the same warp, so that a warp's lanes
  /// leave a loop together.
  __device__ void advance(std::ptrdiff_t rows) {
    row += std::ptrdiff_t{gridDim.x} * Layout::teams;
    there = row < rows;
  }
  /// The row of the warp's first lanes: while it is there, the warp goes on.
  __device__ std::ptrdiff_t first_of_warp() const {
    return row - static_cast<int>(threadIdx.x % 32) / lanes;
  }

  __device__ int column_of(int piece) const { return step * (lane + lanes * piece); }
  __device__ int count_of(int piece) const {
    int const rest = width - column_of(piece);
    return rest <= 0 || !there ? 0 : rest < step ? rest : step;
  }
  /// One piece of the row of a matrix.
  template <class T>
  __device__ void get(void const* from, int piece, float (&to)[step]) const {
    read(static_cast<T const*>(from) + row * width + column_of(piece), count_of(piece), wide, to);
  }
  /// One piece of a vector [columns].
  template <class T>
  __device__ void get_vector(void const* from, int piece, float (&to)[step]) const {
    read(static_cast<T const*>(from) + column_of(piece), count_of(piece), wide, to);
  }
  template <class T>
  __device__ void put(void* to, int piece, float const (&from)[step]) const {
    write(static_cast<T*>(to) + row * width + column_of(piece), count_of(piece), wide, from);
  }
  /// The sum over the row of what each lane has, in all of its lanes.
  __device__ static float sum(float value) { return warp_sum<lanes>(value); }

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
