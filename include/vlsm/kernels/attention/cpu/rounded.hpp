// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <numbers>

#include "vlsm/kernels/attention/cpu/view.hpp"
#include "vlsm/kernels/cpu/gemm.hpp"
#include "vlsm/kernels/cpu/pack_rows.hpp"

// Attention for inference whose products have factors of bfloat16. Scores, exponentials and sums
// are float32.
namespace vlsm::kernels::cpu {

/// Queries that are worked on at a time: two panels.
inline constexpr std::ptrdiff_t attention_tile = 2 * panel;

/// Where the parts of a task's work lie, in floats from the beginning of its scratch memory.
struct RoundedAttentionScratch {
  using Index = std::ptrdiff_t;
  Index keys, values, dense, queries, scores, weights, sums, mixed, all;

  RoundedAttentionScratch(AttentionSizes const& a) {
    Index const inner = words(a.dim, Operand::bf16), pairs = words(a.keys, Operand::bf16);
    Index at = 0;
    auto const take = [&](Index count) {
      Index const here = at;
      at += in_panels(count);
      return here;
    };
    keys = take(Index{a.keys} * in_panels(inner));
    values = take(Index{a.dim} * in_panels(pairs));
    dense = take(std::max(Index{a.dim} * a.keys, attention_tile * inner));
    queries = take(attention_tile * inner);
    scores = take(Index{a.keys} * attention_tile);
    weights = take(pairs * attention_tile);
    sums = take(attention_tile);
    mixed = take(Index{a.dim} * attention_tile);
    all = at;
  }
};

namespace detail {

/// from [rows, columns] -> to [columns, rows], each of `from`'s columns divided by its own number
/// if there is one.
struct Transpose {
  using Index = std::ptrdiff_t;
  float* to;
  Index to_row;
  float const* from;
  Index from_row, rows, columns;
  float const* divisors = nullptr;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename Lanes<T, bytes>::Vector;
    constexpr Index lanes = Lanes<T, bytes>::count;
    for (Index column = 0; column < columns; column += lanes)
      for (Index row = 0; row < rows; row += lanes) {
        if (columns - column < lanes || rows - row < lanes) {
          for (Index j = column; j < std::min(column + lanes, columns); ++j)
            for (Index i = row; i < std::min(row + lanes, rows); ++i)
              to[j * to_row + i] = divisors == nullptr ? from[i * from_row + j]
                                                       : from[i * from_row + j] / divisors[j];
          continue;
        }
        V square[lanes];
#pragma GCC unroll 16
        for (Index i = 0; i < lanes; ++i) {
          square[i] = VLSM_AT(from + (row + i) * from_row + column);
          if (divisors != nullptr) square[i] /= VLSM_AT(divisors + column);
        }
        transpose<T, bytes>(square);
#pragma GCC unroll 16
        for (Index i = 0; i < lanes; ++i) VLSM_TO(to + (column + i) * to_row + row) = square[i];
      }
  }
};

/// Rows of x [rows, columns] become rows of words, zero behind the last number.
struct RoundRows {
  using Index = std::ptrdiff_t;
  float* to;       ///< [rows, words(columns)]
  float const* x;  ///< rows x_row apart
  Index x_row, rows, columns;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    Index const inner = words(columns, Operand::bf16);
    for (Index row = 0; row < rows; ++row) to_pairs(to + row * inner, x + row * x_row, columns);
  }
};

/// Scores [keys, tile] become weights exp(steepness (score - largest)), rounded and in panels, and
/// the sums of those that were not rounded.
struct RoundedSoftmax {
  using Index = std::ptrdiff_t;
  float const* scores;
  float* weights;  ///< two panels of words(keys)
  float* sums;     ///< [tile]
  Index keys;
  float steepness;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename Lanes<T, bytes>::Vector;
    constexpr Index lanes = Lanes<T, bytes>::count;
    float const power = steepness * std::numbers::log2e_v<float>;
    Index const inner = words(keys, Operand::bf16);
    for (Index column = 0; column < attention_tile; column += lanes) {
      float const* const from = scores + column;
      V top = V{} - std::numeric_limits<float>::infinity();
      for (Index key = 0; key < keys; ++key) {
        V const score = VLSM_AT(from + key * attention_tile);
        top = score > top ? score : top;
      }
      V sum = {}, part = {};
      float* to = weights + column / panel * inner * panel + column % panel;
      for (Index key = 0; key < keys; key += 2, to += panel) {
        V first = (VLSM_AT(from + key * attention_tile) - top) * power, second = {};
        exp2_of<T, bytes>(first);
        part += first;
        if (key + 1 < keys) {
          second = (VLSM_AT(from + (key + 1) * attention_tile) - top) * power;
          exp2_of<T, bytes>(second);
          part += second;
        }
        pair_up<bytes>(first, second);
        VLSM_TO(to) = first;
        if (key % 32 == 30) sum += part, part = V{};  // sums of sums, for their rounding
      }
      VLSM_TO(sums + column) = sum + part;
    }
  }

 private:
  /// Positive numbers become pairs of bfloat16, in `low`; rounded to nearest, ties to even.
  template <int bytes>
  static VLSM_ALWAYS_INLINE void pair_up(typename Lanes<float, bytes>::Vector& low,
                                         typename Lanes<float, bytes>::Vector const& high) {
    using V = typename Lanes<float, bytes>::Vector;
    using I = typename Lanes<float, bytes>::Integers;
    I const a = reinterpret_cast<I>(low), b = reinterpret_cast<I>(high);
    I const rounded = a + 0x7fff + (a >> 16 & 1), above = b + 0x7fff + (b >> 16 & 1);
    low = reinterpret_cast<V>((rounded >> 16 & 0xffff) | (above & (-1 << 16)));
  }
};

}  // namespace detail

/// Attention of queries `first` to `last` - 1 of one head of one picture, in `scratch` of
/// RoundedAttentionScratch(a).all floats. No dropout, no log-sum-exp; all keys count, and
/// the scale is positive.
inline void rounded_attention(AttentionForward<float> const& a, int b, int h, int first, int last,
                              float* scratch, Isa isa = best_isa()) {
  using Index = std::ptrdiff_t;
  RoundedAttentionScratch const at(a);
  constexpr Operand bf16 = Operand::bf16;
  Index const inner = words(a.dim, bf16), pairs = words(a.keys, bf16);
  float* const dense = scratch + at.dense;
  auto const pack = [&](float* to, float const* x, Index x_row, Index rows, Index in) {
    dispatch(PackRows<bf16>{to, x, x_row, rows, in, nullptr, isa}, isa);
  };
  pack(scratch + at.keys, a.k.at(b, 0, h), a.k.row, a.keys, a.dim);
  dispatch(detail::Transpose{dense, a.keys, a.v.at(b, 0, h), a.v.row, a.keys, a.dim}, isa);
  pack(scratch + at.values, dense, a.keys, a.dim, a.keys);
  for (Index row = first; row < last; row += attention_tile) {
    Index const count = std::min(attention_tile, last - row);
    // Words of the queries, and across: queries that there are not are zeros.
    std::memset(dense, 0, static_cast<std::size_t>(attention_tile * inner) * sizeof(float));
    dispatch(detail::RoundRows{dense, a.q.at(b, row, h), a.q.row, count, a.dim}, isa);
    for (Index half = 0; half < 2; ++half)
      dispatch(detail::Transpose{scratch + at.queries + half * panel * inner, panel,
                                 dense + half * panel * inner, inner, panel, inner},
               isa);
    dispatch_dot<Gemm, bf16>(isa, scratch + at.scores, attention_tile,
                             static_cast<float const*>(scratch + at.keys),
                             static_cast<float const*>(scratch + at.queries), Index{a.keys},
                             attention_tile, inner, panel * inner, false);
    dispatch(detail::RoundedSoftmax{scratch + at.scores, scratch + at.weights, scratch + at.sums,
                                    a.keys, static_cast<float>(a.scale)},
             isa);
    dispatch_dot<Gemm, bf16>(isa, scratch + at.mixed, attention_tile,
                             static_cast<float const*>(scratch + at.values),
                             static_cast<float const*>(scratch + at.weights), Index{a.dim},
                             attention_tile, pairs, panel * pairs, false);
    dispatch(detail::Transpose{a.out.at(b, row, h), a.out.row, scratch + at.mixed, attention_tile,
                               a.dim, count, scratch + at.sums},
             isa);
  }
}

}  // namespace vlsm::kernels::cpu
