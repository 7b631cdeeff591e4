// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "vlsm/kernels/common/host_device.hpp"

namespace vlsm::kernels {

/// Four random words: a value that every place that needs it can compute anew.
struct PhiloxWords {
  std::uint32_t word[4];
};

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
VLSM_HOST_DEVICE constexpr PhiloxWords philox(std::uint64_t counter, std::uint64_t key) {
  auto c0 = static_cast<std::uint32_t>(counter), c1 = static_cast<std::uint32_t>(counter >> 32);
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  std::uint32_t c2 = 0, c3 = 0;
  for (int round = 0; round < 10; ++round) {
    std::uint64_t const p0 = std::uint64_t{0xD2511F53u} * c0;
    std::uint64_t const p1 = std::uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

/// Which elements dropout keeps: element `index` is a function of seed, offset and index alone, so
/// a backward pass draws the same mask and no order of threads matters.
struct DropoutMask {
  std::uint64_t seed = 0, offset = 0;
  std::uint32_t threshold = 0;

  VLSM_HOST_DEVICE constexpr bool keeps(std::uint64_t index) const {
    PhiloxWords const words = philox(offset + index / 4, seed);
    // An array with a variable index would lie in memory, not in registers.
    std::uint32_t const low = index % 2 == 0 ? words.word[0] : words.word[1];
    std::uint32_t const high = index % 2 == 0 ? words.word[2] : words.word[3];
    return (index % 4 < 2 ? low : high) >= threshold;
  }

  /// The same of `index`, a multiple of 4, and the three that follow, by one draw.
  VLSM_HOST_DEVICE constexpr void keep_four(std::uint64_t index, bool (&kept)[4]) const {
    PhiloxWords const words = philox(offset + index / 4, seed);
    kept[0] = words.word[0] >= threshold, kept[1] = words.word[1] >= threshold;
    kept[2] = words.word[2] >= threshold, kept[3] = words.word[3] >= threshold;
  }
};

/// A word below it is dropped: probability * 2^32, for a probability in [0, 1).
constexpr std::uint32_t dropout_threshold(double probability) {
  return static_cast<std::uint32_t>(probability * 4294967296.0);
}

}  // namespace vlsm::kernels
