// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "vlsm/kernels/cpu/gemm.hpp"
#include "vlsm/kernels/cpu/row.hpp"

namespace vlsm::kernels::cpu {

/// Words that hold `count` factors.
constexpr std::ptrdiff_t words(std::ptrdiff_t count, Operand operand) {
  return (count + per_word(operand) - 1) / per_word(operand);
}

/// `count` numbers as words of pairs, zero behind the last number.
VLSM_ALWAYS_INLINE void to_pairs(float* to, float const* from, std::ptrdiff_t count) {
  auto* const numbers = reinterpret_cast<BFloat16*>(to);
  from_floats(numbers, from, count);
  if (count % 2 != 0) numbers[count].bits = 0;
}

/// A row of bytes: what they are multiples of, and 128 times their sum, since the other factor's
/// bytes, which have no sign, are 128 too large.
struct RowOfBytes {
  float unit = 0;
  std::int32_t excess = 0;
};

/// What numbers are multiplied by to become bytes; 0 where they are all 0, or there is no unit.
inline float inverse_of(float unit) {
  return unit >= std::numeric_limits<float>::min() ? 1 / unit : 0;
}

/// Rounds rows of x and packs them in RowBlocks of words, zeros behind the last number. Bytes are
/// multiples of 1/127 of the row's largest number; a row with NaN or infinity has the unit NaN.
template <Operand operand>
struct PackRows {
  using Index = std::ptrdiff_t;
  float* to;       ///< rows x in_panels(words(in)) words
  float const* x;  ///< [rows, in], rows x_row apart
  Index x_row, rows, in;
  RowOfBytes* scales;  ///< [rows], written for Operand::int8
  Isa isa;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    constexpr Index stretch = panel * per_word(operand);
    Index const panels = in_panels(words(in, operand)) / panel;
    RowBlocks const blocks(rows, isa);
    for (Index block = 0; block < blocks.count; ++block) {
      Index const first = blocks.first(block), height = blocks.first(block + 1) - first;
      for (Index row = 0; row < height; ++row) {
        float* word = to + first * panels * panel + row * panel;
        float const* const from = x + (first + row) * x_row;
        RowOfBytes scale;
        if constexpr (operand == Operand::int8) scale.unit = unit_of<bytes>(from);
        float const inverse = inverse_of(scale.unit);
        bool const spoiled = !(scale.unit >= 0);  // its numbers do not matter, the unit says it all
        for (Index k = 0; k < in; k += stretch, word += height * panel) {
          if (in - k >= stretch && !spoiled) {
            round<bytes>(word, from + k, inverse, scale.excess);
          } else {
            float part[stretch] = {};
            if (!spoiled)
              std::memcpy(part, from + k, static_cast<std::size_t>(in - k) * sizeof(float));
            round<bytes>(word, part, inverse, scale.excess);
          }
        }
        if constexpr (operand == Operand::int8) {
          scale.excess *= 128;
          scales[first + row] = scale;
        }
      }
    }
  }

 private:
  /// A stretch of numbers; what they become in bytes is added to `sum`.
  template <int bytes>
  static VLSM_ALWAYS_INLINE void round(float* word, float const* from,
                                       [[maybe_unused]] float inverse,
                                       [[maybe_unused]] std::int32_t& sum) {
    using T = float;
    if constexpr (operand == Operand::fp32) {
      std::memcpy(word, from, panel * sizeof(float));
    } else if constexpr (operand == Operand::bf16) {
      from_floats(reinterpret_cast<BFloat16*>(word), from, 2 * panel);
    } else {
      using V = typename Lanes<T, bytes>::Vector;
      using I = typename Lanes<T, bytes>::Integers;
      constexpr Index lanes = Lanes<T, bytes>::count;
      typedef std::int8_t Bytes __attribute__((vector_size(lanes), aligned(1), may_alias));
      // Adding 1.5 * 2^23 leaves the nearest whole number in the lowest bits.
      constexpr float shift = 12582912;
      I sums = {};
#pragma GCC unroll 16
      for (Index i = 0; i < 4 * panel; i += lanes) {
        V const shifted = VLSM_AT(from + i) * inverse + shift;
        I const whole = reinterpret_cast<I>(shifted) - __builtin_bit_cast(std::int32_t, shift);
        sums += whole;
        *reinterpret_cast<Bytes*>(reinterpret_cast<std::int8_t*>(word) + i) =
            __builtin_convertvector(whole, Bytes);
      }
      for (Index lane = 0; lane < lanes; ++lane) sum += sums[lane];
    }
  }

  /// 1/127 of the largest number of a row.
  template <int bytes>
  VLSM_ALWAYS_INLINE float unit_of(float const* row) const {
    using T = float;
    using V = typename Lanes<T, bytes>::Vector;
    constexpr Index lanes = Lanes<T, bytes>::count;
    V most = {}, spoiled = {};
    for (Index i = 0; i < in; i += lanes) {
      T part[lanes] = {};
      if (in - i < lanes) std::memcpy(part, row + i, static_cast<std::size_t>(in - i) * sizeof(T));
      V const x = VLSM_AT(in - i < lanes ? part : row + i), size = x < V{} ? -x : x;
      most = size > most ? size : most;
      spoiled += x - x;  // 0, or NaN
    }
    float largest = 0;
    for (Index lane = 0; lane < lanes; ++lane)
      largest = most[lane] > largest ? most[lane] : largest;
    V const four[4] = {spoiled};
    return largest / 127 + sum_of<bytes>(four);
  }
};

}  // namespace vlsm::kernels::cpu
