// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "vlsm/kernels/cpu/element.hpp"
#include "vlsm/kernels/cpu/vector.hpp"

// Rows of any element type, as whole vectors of floats.
namespace vlsm::kernels::cpu {

/// Floats that hold `count` numbers in whole vectors of any size.
constexpr std::ptrdiff_t padded(std::ptrdiff_t count) { return (count + 15) / 16 * 16; }

/// `count` numbers as floats in whole vectors: those in memory where they are that already, else a
/// copy in `buffer` with zeros behind it.
template <int bytes, class E>
VLSM_ALWAYS_INLINE float const* floats_of(E const* from, std::ptrdiff_t count, float* buffer) {
  if constexpr (std::is_same_v<E, float>)
    if (count % Lanes<float, bytes>::count == 0) return from;
  to_floats(buffer, from, count);
  for (std::ptrdiff_t i = count; i < padded(count); ++i) buffer[i] = 0;
  return buffer;
}

/// Where to write `count` numbers as whole vectors of floats: to their place, or to `buffer`; then
/// `put` brings them home.
template <int bytes, class E>
VLSM_ALWAYS_INLINE float* target_of(E* to, std::ptrdiff_t count, float* buffer) {
  if constexpr (std::is_same_v<E, float>)
    if (count % Lanes<float, bytes>::count == 0) return to;
  return buffer;
}
/// Writes `count` floats from where `target_of` said to their place, in its type.
template <class E>
VLSM_ALWAYS_INLINE void put(E* to, std::ptrdiff_t count, float const* from) {
  if constexpr (std::is_same_v<E, float>)
    if (to == from) return;
  from_floats(to, from, count);
}

/// Calls `step(at, k)` for every vector of `count` numbers; `k` names one of four sums, so that
/// additions need not wait for each other.
template <int bytes, class Step>
VLSM_ALWAYS_INLINE void each_vector(std::ptrdiff_t count, Step const& step) {
  constexpr std::ptrdiff_t lanes = Lanes<float, bytes>::count;
  std::ptrdiff_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) step(i + k * lanes, k);
  }
  for (; i < count; i += lanes) step(i, 0);
}

/// The sum of all lanes of four vectors, as a tree.
template <int bytes>
VLSM_ALWAYS_INLINE float sum_of(typename Lanes<float, bytes>::Vector const (&sums)[4]) {
  using T = float;
  constexpr int lanes = Lanes<float, bytes>::count;
  alignas(bytes) float parts[lanes];
  VLSM_TO(parts) = (sums[0] + sums[1]) + (sums[2] + sums[3]);
#pragma GCC unroll 4
  for (int half = lanes / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) parts[i] += parts[i + half];
  return parts[0];
}

/// parts [splits, 2, count] -> first [count] and second [count], the splits in their order, and the
/// second as doubles in `exact` where that is wanted: what the CUDA kernel of this name does.
template <class E>
void sum_of_splits(float const* parts, std::ptrdiff_t splits, std::ptrdiff_t count, E* first,
                   E* second, double* exact = nullptr) {
  constexpr std::ptrdiff_t most = 256;
  for (std::ptrdiff_t begin = 0; begin < 2 * count; begin += most) {
    std::ptrdiff_t const size = std::min(most, 2 * count - begin);
    double sums[most] = {};
    for (std::ptrdiff_t split = 0; split < splits; ++split)
      for (std::ptrdiff_t i = 0; i < size; ++i)
        sums[i] += double{parts[2 * count * split + begin + i]};
    for (std::ptrdiff_t i = 0; i < size; ++i) {
      std::ptrdiff_t const index = begin + i;
      float const rounded = static_cast<float>(sums[i]);
      from_floats(index < count ? first + index : second + (index - count), &rounded, 1);
      if (index >= count && exact != nullptr) exact[index - count] = sums[i];
    }
  }
}

}  // namespace vlsm::kernels::cpu
