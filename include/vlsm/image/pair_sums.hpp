// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Weighted sums of levels in whole numbers, two products at a time: every x86-64 has an instruction
// that multiplies pairs of 16 bits and adds the two products. Weights have more bits than that, so
// each is taken apart, and the two sums are put together at the end. Whole numbers are exact: the
// result is the same on every machine.
namespace vlsm::detail {

using Levels16 = std::uint8_t __attribute__((vector_size(16)));
using Shorts8 = std::int16_t __attribute__((vector_size(16)));
using Sums4 = std::uint32_t __attribute__((vector_size(16)));  // unsigned, since they may wrap
using Ints4 = std::int32_t __attribute__((vector_size(16)));

inline constexpr int level_bits = 22;  ///< behind the point of a weight
inline constexpr int low_bits = 15;    ///< of a weight that are summed by themselves

/// a[2i] * b[2i] + a[2i + 1] * b[2i + 1], as any compiler makes it.
inline Sums4 plain_pair_sums(Shorts8 a, Shorts8 b) {
  Sums4 sums{};
  auto const product = [&](int i) { return static_cast<std::uint32_t>(a[i] * b[i]); };
  for (int i = 0; i < 4; ++i) sums[i] = product(2 * i) + product(2 * i + 1);
  return sums;
}

/// The same.
inline Sums4 pair_sums(Shorts8 a, Shorts8 b) {
#if defined(__SSE2__)
  return std::bit_cast<Sums4>(_mm_madd_epi16(std::bit_cast<__m128i>(a), std::bit_cast<__m128i>(b)));
#else
  return plain_pair_sums(a, b);
#endif
}

/// Sixteen numbers cut to 0 … 255, as any compiler makes it.
inline Levels16 plain_levels(std::array<Ints4, 4> const& sums) {
  Levels16 levels{};
  for (std::size_t i = 0; i < 16; ++i)
    levels[i] = static_cast<std::uint8_t>(std::clamp(sums[i / 4][i % 4], 0, 255));
  return levels;
}

/// The same.
inline Levels16 to_levels(std::array<Ints4, 4> const& sums) {
#if defined(__SSE2__)
  auto const words = [&](std::size_t i) {
    return _mm_packs_epi32(std::bit_cast<__m128i>(sums[i]), std::bit_cast<__m128i>(sums[i + 1]));
  };
  return std::bit_cast<Levels16>(_mm_packus_epi16(words(0), words(2)));
#else
  return plain_levels(sums);
#endif
}

/// a0 b0 a1 b1 … of the first or of the last eight levels.
inline Levels16 first_interleaved(Levels16 a, Levels16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Levels16 last_interleaved(Levels16 a, Levels16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}
inline Shorts8 first_words(Levels16 levels) {
  return std::bit_cast<Shorts8>(first_interleaved(levels, Levels16{}));
}
inline Shorts8 last_words(Levels16 levels) {
  return std::bit_cast<Shorts8>(last_interleaved(levels, Levels16{}));
}

/// Two neighboring weights, in 1 / 2^22, each as high * 2^15 + low.
class WeightPair {
 public:
  WeightPair(std::int32_t first, std::int32_t second)
      : high_(joined(first >> low_bits, second >> low_bits)),
        low_(joined(first & mask, second & mask)) {}

  /// As pair_sums wants it: both weights, four times.
  Shorts8 high() const { return repeated(high_); }
  Shorts8 low() const { return repeated(low_); }

 private:
  static constexpr std::int32_t mask = (1 << low_bits) - 1;
  static std::uint32_t joined(std::int32_t first, std::int32_t second) {
    return (static_cast<std::uint32_t>(first) & 0xffff) | static_cast<std::uint32_t>(second) << 16;
  }
  static Shorts8 repeated(std::uint32_t both) { return std::bit_cast<Shorts8>(Sums4{} + both); }

  std::uint32_t high_, low_;
};

/// Four sums of levels by their weights.
class WeightedSums {
 public:
  /// Adds eight levels, of which each pair goes into one sum.
  void add(Shorts8 levels, WeightPair const& weights) {
    high_ += pair_sums(levels, weights.high());
    low_ += pair_sums(levels, weights.low());
  }
  /// The sums as levels, not yet cut to 0 … 255.
  Ints4 rounded() const { return std::bit_cast<Ints4>((high_ << low_bits) + low_) >> level_bits; }

 private:
  Sums4 high_{}, low_ = Sums4{} + (1u << (level_bits - 1));
};

}  // namespace vlsm::detail
