// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "vlsm/kernels/cpu/pack_rows.hpp"

namespace vlsm::kernels {

/// Rounds and packs `count` rows of W [count, in] for `Linear`: outputs in whole panels, zeros
/// behind the last. Bytes are multiples of 1/127 of an output's largest weight, 128 added; those of
/// an output with NaN or infinity have the unit NaN.
///
/// @param to in_panels(count) x cpu::words(in) words
/// @param units [in_panels(count)], written for Operand::int8 only
inline void pack_weights(float* to, float* units, float const* weight, std::ptrdiff_t count,
                         std::ptrdiff_t in, cpu::Operand operand) {
  using Index = std::ptrdiff_t;
  Index const inner = cpu::words(in, operand), each = cpu::per_word(operand);
  if (operand == cpu::Operand::fp32) return cpu::pack_panels(to, {weight, 1, in}, in, count);
  std::vector<float> rounded(static_cast<std::size_t>(cpu::panel * inner));
  for (Index first = 0; first < count; first += cpu::panel, to += cpu::panel * inner) {
    Index const last = std::min<Index>(first + cpu::panel, count);
    for (Index row = first; row < last; ++row) {
      float const* const from = weight + row * in;
      float* const words_of_row = rounded.data() + (row - first) * inner;
      if (operand == cpu::Operand::bf16) {
        cpu::to_pairs(words_of_row, from, in);
      } else {
        float most = 0, spoiled = 0;
        for (Index k = 0; k < in; ++k) {
          most = std::max(most, std::abs(from[k]));
          spoiled += from[k] - from[k];  // 0, or NaN
        }
        float const unit = most / 127 + spoiled, inverse = cpu::inverse_of(unit);
        units[row] = unit;
        auto* const numbers = reinterpret_cast<std::uint8_t*>(words_of_row);
        for (Index k = 0; k < inner * each; ++k)
          numbers[k] = static_cast<std::uint8_t>(
              128 + (k < in && inverse > 0 ? std::lrint(from[k] * inverse) : 0));
      }
    }
    cpu::pack_panels(to, {rounded.data(), 1, inner}, inner, last - first);
  }
}

}  // namespace vlsm::kernels
