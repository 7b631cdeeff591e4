// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "vlsm/kernels/common/host_device.hpp"

namespace vlsm::kernels {

/// Four random words: a value that every place that needs it can compute anew.
struct PhiloxWords {
  std::uint32_t word[4];
};

/// The keys of Philox's rounds, which follow from a seed: a kernel that draws often gets them as an
/// argument, since adding them up takes a third of a draw.
template <int rounds>
struct PhiloxKeys {
  std::uint32_t even[rounds], odd[rounds];

  VLSM_HOST_DEVICE constexpr explicit PhiloxKeys(std::uint64_t seed) : even(), odd() {
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    VLSM_UNROLL
    for (int round = 0; round < rounds; ++round) {
      even[round] = k0, odd[round] = k1;
      k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
  }
};

/// Philox4x32 of a counter of four words (Salmon et al. 2011, "Parallel random numbers: as easy as
/// 1, 2, 3").
template <int rounds>
VLSM_HOST_DEVICE constexpr PhiloxWords philox(PhiloxWords counter, PhiloxKeys<rounds> const& keys) {
  std::uint32_t c0 = counter.word[0], c1 = counter.word[1], c2 = counter.word[2],
                c3 = counter.word[3];
  VLSM_UNROLL
  for (int round = 0; round < rounds; ++round) {
    std::uint64_t const p0 = std::uint64_t{0xD2511F53u} * c0;
    std::uint64_t const p1 = std::uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ keys.even[round];
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ keys.odd[round];
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
  }
  return {{c0, c1, c2, c3}};
}
/// The same of a counter of 64 bits and a seed.
template <int rounds>
VLSM_HOST_DEVICE constexpr PhiloxWords philox(std::uint64_t counter, std::uint64_t seed) {
  return philox(
      {{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0, 0}},
      PhiloxKeys<rounds>(seed));
}

/// Rounds of the draws for dropout: the fewest that pass all tests of BigCrush in the paper, which
/// proposes 10 for what must also withstand tests that nobody has thought of yet.
inline constexpr int dropout_rounds = 7;
using DropoutKeys = PhiloxKeys<dropout_rounds>;

/// Which elements dropout keeps: element `index` is a function of seed, offset and index alone, so
/// a backward pass draws the same mask and no order of threads matters.
struct DropoutMask {
  std::uint64_t seed = 0, offset = 0;
  std::uint32_t threshold = 0;

  VLSM_HOST_DEVICE constexpr bool keeps(std::uint64_t index) const {
    PhiloxWords const words = philox<dropout_rounds>(offset + index / 4, seed);
    // An array with a variable index would lie in memory, not in registers.
    std::uint32_t const low = index % 2 == 0 ? words.word[0] : words.word[1];
    std::uint32_t const high = index % 2 == 0 ? words.word[2] : words.word[3];
    return (index % 4 < 2 ? low : high) >= threshold;
  }

  /// The same of `index`, a multiple of 4, and the three that follow, by one draw.
  VLSM_HOST_DEVICE constexpr void keep_four(std::uint64_t index, bool (&kept)[4]) const {
    PhiloxWords const words = philox<dropout_rounds>(offset + index / 4, seed);
    kept[0] = words.word[0] >= threshold, kept[1] = words.word[1] >= threshold;
    kept[2] = words.word[2] >= threshold, kept[3] = words.word[3] >= threshold;
  }
};

/// Which of attention's scores dropout keeps. A row of scores (a query of a head) has four draws
/// for every 16 keys; the four words of one are for the keys 16 a + 2 t, + 1, + 8 and + 9, which in
/// the tensor cores' layout are one lane's, so that a GPU draws once for four scores. Attention on
/// every device, forward and backward, asks here.
struct ScoreMask {
  DropoutMask mask;
  DropoutKeys round_keys;

  VLSM_HOST_DEVICE constexpr explicit ScoreMask(DropoutMask const& given)
      : mask(given), round_keys(given.seed) {}

  /// The words for keys `first` = 16 a + 2 t, first + 1, first + 8 and first + 9 of a row. The
  /// counter's words are the draw, the row and the offset: lanes share most of the first rounds.
  VLSM_HOST_DEVICE constexpr PhiloxWords draw(std::uint32_t row, int first) const {
    return philox(
        {{static_cast<std::uint32_t>(first / 16 * 4 + first % 16 / 2), row,
          static_cast<std::uint32_t>(mask.offset), static_cast<std::uint32_t>(mask.offset >> 32)}},
        round_keys);
  }
  VLSM_HOST_DEVICE constexpr bool keeps(std::uint32_t row, int key) const {
    PhiloxWords const words = draw(row, key / 16 * 16 + key % 8 / 2 * 2);
    return words.word[key % 2 + key % 16 / 8 * 2] >= mask.threshold;
  }
};

/// A word below it is dropped: probability * 2^32, for a probability in [0, 1).
constexpr std::uint32_t dropout_threshold(double probability) {
  return static_cast<std::uint32_t>(probability * 4294967296.0);
}

}  // namespace vlsm::kernels
