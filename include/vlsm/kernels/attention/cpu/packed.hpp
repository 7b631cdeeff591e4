// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "vlsm/kernels/attention/cpu/view.hpp"
#include "vlsm/kernels/cpu/gemm.hpp"
#include "vlsm/kernels/cpu/pack_rows.hpp"

// Attention for inference: both products are packed ones, whose factors may be rounded. Scores,
// exponentials and sums are float32. For few keys forward.hpp takes less time.
namespace vlsm::kernels::cpu {

/// Queries that are worked on at a time: two panels.
inline constexpr std::ptrdiff_t attention_tile = 2 * panel;

/// Where the parts of a task's work lie, in floats from the beginning of its scratch memory.
struct PackedAttentionScratch {
  using Index = std::ptrdiff_t;
  Index keys, values, dense, queries, scores, weights, sums, mixed, all;

  PackedAttentionScratch(AttentionSizes const& a, Operand operand) {
    Index const inner = words(a.dim, operand), pairs = words(a.keys, operand);
    Index at = 0;
    auto const take = [&](Index count) {
      Index const here = at;
      at += in_panels(count);
      return here;
    };
    keys = take(Index{a.keys} * in_panels(inner));
    values = take(Index{a.dim} * in_panels(pairs));
    dense = take(std::max(Index{a.dim} * a.keys, attention_tile * in_panels(inner)));
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

/// Scores [keys, tile] become weights exp(steepness (score - largest)), rounded and in panels, and
/// the sums of those that were not rounded.
template <Operand operand>
struct PackedSoftmax {
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
    constexpr Index lanes = Lanes<T, bytes>::count, each = per_word(operand);
    float const power = steepness * std::numbers::log2e_v<float>;
    Index const inner = words(keys, operand);
    for (Index column = 0; column < attention_tile; column += lanes) {
      float const* const from = scores + column;
      V top = V{} - std::numeric_limits<float>::infinity();
      for (Index key = 0; key < keys; ++key) {
        V const score = VLSM_AT(from + key * attention_tile);
        top = score > top ? score : top;
      }
      V sum = {}, part = {};
      float* to = weights + column / panel * inner * panel + column % panel;
      for (Index key = 0; key < keys; key += each, to += panel) {
        V first = (VLSM_AT(from + key * attention_tile) - top) * power;
        exp2_of<T, bytes>(first);
        part += first;
        if constexpr (operand == Operand::bf16) {
          V second = {};
          if (key + 1 < keys) {
            second = (VLSM_AT(from + (key + 1) * attention_tile) - top) * power;
            exp2_of<T, bytes>(second);
            part += second;
          }
          pair_up<bytes>(first, second);
        }
        VLSM_TO(to) = first;
        if (key / each % 16 == 15) sum += part, part = V{};  // sums of sums, for their rounding
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
/// PackedAttentionScratch(a, operand).all floats. No dropout, no log-sum-exp; all keys count, and
/// the scale is positive.
template <Operand operand>
void packed_attention(AttentionForward<float> const& a, int b, int h, int first, int last,
                      float* scratch, Isa isa = best_isa()) {
  using Index = std::ptrdiff_t;
  PackedAttentionScratch const at(a, operand);
  Index const inner = words(a.dim, operand), pairs = words(a.keys, operand);
  float* const dense = scratch + at.dense;
  auto const pack = [&](float* to, float const* x, Index x_row, Index rows, Index in) {
    dispatch(PackRows<operand>{to, x, x_row, rows, in, nullptr, isa}, isa);
  };
  pack(scratch + at.keys, a.k.at(b, 0, h), a.k.row, a.keys, a.dim);
  dispatch(detail::Transpose{dense, a.keys, a.v.at(b, 0, h), a.v.row, a.keys, a.dim}, isa);
  pack(scratch + at.values, dense, a.keys, a.dim, a.keys);
  for (Index row = first; row < last; row += attention_tile) {
    Index const count = std::min(attention_tile, last - row);
    // Words of the queries, and across: queries that there are not are zeros.
    std::memset(dense, 0, static_cast<std::size_t>(attention_tile * inner) * sizeof(float));
    for (Index i = 0; i < count; ++i) {
      float const* const query = a.q.at(b, row + i, h);
      if constexpr (operand == Operand::bf16)
        from_floats(reinterpret_cast<BFloat16*>(dense + i * inner), query, a.dim);
      else
        to_floats(dense + i * inner, query, a.dim);
    }
    for (Index half = 0; half < 2; ++half)
      dispatch(detail::Transpose{scratch + at.queries + half * panel * inner, panel,
                                 dense + half * panel * inner, inner, panel, inner},
               isa);
    dispatch_dot<Gemm, operand>(isa, scratch + at.scores, attention_tile,
                                static_cast<float const*>(scratch + at.keys),
                                static_cast<float const*>(scratch + at.queries), Index{a.keys},
                                attention_tile, inner, panel * inner, false);
    dispatch(detail::PackedSoftmax<operand>{scratch + at.scores, scratch + at.weights,
                                            scratch + at.sums, a.keys, static_cast<float>(a.scale)},
             isa);
    dispatch_dot<Gemm, operand>(isa, scratch + at.mixed, attention_tile,
                                static_cast<float const*>(scratch + at.values),
                                static_cast<float const*>(scratch + at.weights), Index{a.dim},
                                attention_tile, pairs, panel * pairs, false);
    dispatch(detail::Transpose{a.out.at(b, row, h), a.out.row, scratch + at.mixed, attention_tile,
                               a.dim, count, scratch + at.sums},
             isa);
  }
}

}  // namespace vlsm::kernels::cpu
