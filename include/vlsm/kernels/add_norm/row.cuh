// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/launch.hpp"
#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/floats.cuh"

namespace vlsm::kernels::add_norm {

inline constexpr int threads = 128;

/// A warp's row: `pieces` times four neighbors a lane. Numbers beyond the last column are zeros.
template <int pieces>
struct Row {
  static constexpr int columns = pieces * step * 32;

  std::ptrdiff_t row;
  int width, lane;
  bool wide;

  __device__ Row(AddNormShape const& shape, bool aligned)
      : row(std::ptrdiff_t{blockIdx.x} * (threads / 32) + threadIdx.x / 32),
        width(shape.columns),
        lane(threadIdx.x % 32),
        wide(aligned) {}

  __device__ int column_of(int piece) const { return step * (lane + 32 * piece); }
  __device__ int count_of(int piece) const {
    int const rest = width - column_of(piece);
    return rest <= 0 ? 0 : rest < step ? rest : step;
  }
  /// One piece of the row of a matrix, or of a vector [columns] with `first` = 0.
  template <class T>
  __device__ void get(void const* from, std::ptrdiff_t first, int piece, float (&to)[step]) const {
    read(static_cast<T const*>(from) + first * width + column_of(piece), count_of(piece), wide, to);
  }
  template <class T>
  __device__ void put(void* to, int piece, float const (&from)[step]) const {
    write(static_cast<T*>(to) + row * width + column_of(piece), count_of(piece), wide, from);
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
