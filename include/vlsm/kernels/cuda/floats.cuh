// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cuda/copy.cuh"

// Arrays of any element type, read and written as floats, a few neighbors a thread.
namespace vlsm::kernels {

/// Elements that a thread reads or writes at once.
inline constexpr int step = 4;

VLSM_HOST_DEVICE inline float to_float(std::uint8_t value) { return static_cast<float>(value); }

/// Up to four neighbors; `wide`: addresses are multiples of four elements.
template <class T>
__device__ void read(T const* from, int count, bool wide, float (&to)[step]) {
  if (wide && count == step) {
    Vector<T, step> const four = load_vector<step>(from);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) to[i] = to_float(four[i]);
  } else {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      if (i < count) {
        to[i] = to_float(from[i]);
        count_read(sizeof(T));
      }
  }
}

template <class T>
__device__ void write(T* to, int count, bool wide, float const (&from)[step]) {
  if (wide && count == step) {
    Vector<T, step> four;
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) four[i] = from_float<T>(from[i]);
    store_vector(to, four);
  } else {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      if (i < count) {
        to[i] = from_float<T>(from[i]);
        count_written(sizeof(T));
      }
  }
}

/// Whether the array, and each row of `stride` elements in it, begins at a multiple of four
/// elements. An array that is not there does not mind.
template <class T>
bool by_fours(T const* pointer, std::ptrdiff_t stride) {
  return aligned(step * static_cast<int>(sizeof(T)), pointer, stride);
}

}  // namespace vlsm::kernels
