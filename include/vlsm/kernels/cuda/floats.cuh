// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cuda/copy.cuh"

// Arrays of any element type, read and written as floats, a few neighbors a thread.
namespace vlsm::kernels {

/// Elements that a thread reads or writes at once.
inline constexpr int step = 4;

VLSM_HOST_DEVICE inline float to_float(std::uint8_t value) { return static_cast<float>(value); }

VLSM_HOST_DEVICE inline std::uint32_t bits_of(float value) { return to_bits(value); }
VLSM_HOST_DEVICE inline std::uint32_t bits_of(std::uint8_t value) { return value; }
template <class T>
VLSM_HOST_DEVICE std::uint32_t bits_of(T value) {  // Half, BFloat16
  return value.bits;
}

/// Four neighbors as they lie in memory, in words of 32 bits. A thread that needs several fetches
/// all of them before it converts one: a conversion waits for its numbers, and so does taking
/// 16 bits out of a word, while the memory is kept busy by what is under way.
template <class T>
struct Four {
  Vector<std::uint32_t, sizeof(T)> words = {};

  __device__ float operator[](int i) const {
    if constexpr (sizeof(T) == 4) {
      return from_bits(words[i]);
    } else if constexpr (std::is_same_v<T, BFloat16>) {
      return from_bits(i % 2 == 0 ? words[i / 2] << 16 : words[i / 2] & 0xffff0000u);
    } else if constexpr (sizeof(T) == 2) {
      return to_float(T{static_cast<std::uint16_t>(words[i / 2] >> 16 * (i % 2))});
    } else {
      return to_float(static_cast<T>(words[0] >> 8 * i));
    }
  }
};

/// Up to four neighbors; `wide`: addresses are multiples of four elements, and there are four or
/// none. What is not there is 0.
template <class T>
__device__ void fetch(T const* from, int count, bool wide, Four<T>& to) {
  if (wide) {
    if (count > 0)
      to.words =
          load_vector<static_cast<int>(sizeof(T))>(reinterpret_cast<std::uint32_t const*>(from));
  } else {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      if (i < count) {
        to.words[i * static_cast<int>(sizeof(T)) / 4] |= bits_of(from[i]) << 8 * sizeof(T) * i % 32;
        count_read(sizeof(T));
      }
  }
}

template <class T>
__device__ void convert(Four<T> const& from, float (&to)[step]) {
  VLSM_UNROLL
  for (int i = 0; i < step; ++i) to[i] = from[i];
}

/// The counterpart of `fetch`.
template <class T>
__device__ void store(T* to, int count, bool wide, float const (&from)[step]) {
  if (wide) {
    if (count == 0) return;
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

/// Up to four neighbors at once; `wide`: addresses are multiples of four elements.
template <class T>
__device__ void read(T const* from, int count, bool wide, float (&to)[step]) {
  Four<T> four;
  fetch(from, count, wide && count == step, four);
  convert(four, to);
}

template <class T>
__device__ void write(T* to, int count, bool wide, float const (&from)[step]) {
  store(to, count, wide && count == step, from);
}

/// Whether the array, and each row of `stride` elements in it, begins at a multiple of four
/// elements. An array that is not there does not mind.
template <class T>
bool by_fours(T const* pointer, std::ptrdiff_t stride) {
  return aligned(step * static_cast<int>(sizeof(T)), pointer, stride);
}

}  // namespace vlsm::kernels
