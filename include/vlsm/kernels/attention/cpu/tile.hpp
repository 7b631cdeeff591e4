// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <limits>
#include <numbers>

#include "vlsm/kernels/attention/cpu/view.hpp"
#include "vlsm/kernels/common/philox.hpp"
#include "vlsm/kernels/cpu/multiply.hpp"

// What attention's forward and backward share: rows in and out of the tiles in the first caches.
namespace vlsm::kernels::cpu {

/// The most rows that a tile has, whatever the instruction set: two vectors of 16 floats.
inline constexpr int widest_tile = 32;

/// A head's width, filled up so that whole vectors of any instruction set fit.
constexpr int padded_dim(int dim) { return (dim + 15) / 16 * 16; }

/// Elements that a task's scratch memory needs: K, V, their gradients, four tiles of rows, three
/// tiles of scores.
inline std::size_t attention_scratch(AttentionSizes const& a) {
  std::size_t const keys = static_cast<std::size_t>(a.keys),
                    dim = static_cast<std::size_t>(padded_dim(a.dim));
  return 4 * keys * dim + 5 * widest_tile * dim + 3 * widest_tile * keys + 64;
}

/// Copies `count` strided rows to a dense block of `all` rows, zero where there is nothing.
template <class T>
VLSM_ALWAYS_INLINE void pack(T* to, T const* from, std::ptrdiff_t stride, int count, int all,
                             int dim, int padded) {
  for (int i = 0; i < count; ++i) {
    std::memcpy(to + i * padded, from + i * stride, static_cast<std::size_t>(dim) * sizeof(T));
    for (int d = dim; d < padded; ++d) to[i * padded + d] = 0;
  }
  if (count < all)
    std::memset(to + count * padded, 0,
                static_cast<std::size_t>((all - count) * padded) * sizeof(T));
}

/// Copies `count` rows of a dense block [count, padded] to strided rows of `dim` numbers: the
/// inverse of `pack`.
template <class T>
VLSM_ALWAYS_INLINE void unpack(T* to, std::ptrdiff_t stride, T const* from, int count, int dim,
                               int padded) {
  for (int i = 0; i < count; ++i)
    std::memcpy(to + i * stride, from + i * padded, static_cast<std::size_t>(dim) * sizeof(T));
}

/// rows [tile, padded] -> across [padded, tile], times `scale`.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void rows_to_lanes(T* across, T const* rows, int padded, T scale) {
  constexpr int lanes = Lanes<T, bytes>::count, tile = 2 * lanes;
  typename Lanes<T, bytes>::Vector square[lanes];
  for (int half = 0; half < tile; half += lanes)
    for (int d = 0; d < padded; d += lanes) {
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) square[i] = VLSM_AT(rows + (half + i) * padded + d) * scale;
      transpose<T, bytes>(square);
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) VLSM_TO(across + (d + i) * tile + half) = square[i];
    }
}

/// across [padded, tile] -> rows [tile, padded], each row times its own factor.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void lanes_to_rows(T* rows, T const* across, int padded,
                                      typename Lanes<T, bytes>::Vector const& factor0,
                                      typename Lanes<T, bytes>::Vector const& factor1) {
  constexpr int lanes = Lanes<T, bytes>::count, tile = 2 * lanes;
  typename Lanes<T, bytes>::Vector square[lanes];
  for (int half = 0; half < tile; half += lanes) {
    auto const& factor = half == 0 ? factor0 : factor1;
    for (int d = 0; d < padded; d += lanes) {
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) square[i] = VLSM_AT(across + (d + i) * tile + half) * factor;
      transpose<T, bytes>(square);
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) VLSM_TO(rows + (half + i) * padded + d) = square[i];
    }
  }
}

/// Sums over the keys are sums of sums of 16, whose rounding errors grow less than those of one.
VLSM_ALWAYS_INLINE bool ends_part(int key, int keys) { return key % 16 == 15 || key == keys - 1; }

/// Scores s [keys, tile] become exp(steepness (s - top)), where top is the largest of a lane; sums
/// are over the keys. The difference is taken before the scale, so that large scores cost no
/// digits.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void softmax(T* s, int keys, T steepness, typename Lanes<T, bytes>::Vector& top0,
                                typename Lanes<T, bytes>::Vector& top1,
                                typename Lanes<T, bytes>::Vector& sum0,
                                typename Lanes<T, bytes>::Vector& sum1) {
  using V = typename Lanes<T, bytes>::Vector;
  constexpr int lanes = Lanes<T, bytes>::count, tile = 2 * lanes;
  T const power = steepness * std::numbers::log2e_v<T>;  // powers of 2 are cheaper than of e
  top0 = top1 = V{} - std::numeric_limits<T>::infinity();
  for (int key = 0; key < keys; ++key) {
    V const s0 = VLSM_AT(s + key * tile), s1 = VLSM_AT(s + key * tile + lanes);
    top0 = s0 > top0 ? s0 : top0;
    top1 = s1 > top1 ? s1 : top1;
  }
  sum0 = sum1 = V{};
  V part0 = V{}, part1 = V{};
  for (int key = 0; key < keys; ++key) {
    V e0 = (VLSM_AT(s + key * tile) - top0) * power;
    V e1 = (VLSM_AT(s + key * tile + lanes) - top1) * power;
    exp2_of<T, bytes>(e0);
    exp2_of<T, bytes>(e1);
    VLSM_TO(s + key * tile) = e0;
    VLSM_TO(s + key * tile + lanes) = e1;
    part0 += e0;
    part1 += e1;
    if (ends_part(key, keys)) {
      sum0 += part0, sum1 += part1;
      part0 = part1 = V{};
    }
  }
}

/// values [keys, tile], each lane times its own factor.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void scale_lanes(T* values, int keys,
                                    typename Lanes<T, bytes>::Vector const& factor0,
                                    typename Lanes<T, bytes>::Vector const& factor1) {
  constexpr int lanes = Lanes<T, bytes>::count, tile = 2 * lanes;
  for (int key = 0; key < keys; ++key) {
    T* const row = values + key * tile;
    VLSM_TO(row) = VLSM_AT(row) * factor0;
    VLSM_TO(row + lanes) = VLSM_AT(row + lanes) * factor1;
  }
}

/// Sets dropped weights to zero and scales the others up. values [keys, tile].
template <class T>
VLSM_ALWAYS_INLINE void drop(AttentionSizes const& a, int b, int h, int row, int count, int keys,
                             T* values, int tile) {
  DropoutMask const dropout{a.dropout.seed, a.dropout.offset, dropout_threshold(a.dropout.share)};
  T const kept = static_cast<T>(1 / (1 - a.dropout.share));
  ScoreMask const mask(dropout);
  for (int i = 0; i < count; ++i) {
    auto const line =
        static_cast<std::uint32_t>((std::uint64_t(b) * a.heads + h) * a.queries + row + i);
    for (int first = 0; first < keys; first += first % 16 == 6 ? 10 : 2) {
      PhiloxWords const words = mask.draw(line, first);
      for (int word = 0; word < 4; ++word) {
        int const key = first + word % 2 + word / 2 * 8;
        if (key >= keys) continue;
        T& value = values[key * tile + i];
        value = words.word[word] >= dropout.threshold ? value * kept : T(0);
      }
    }
  }
}

}  // namespace vlsm::kernels::cpu
