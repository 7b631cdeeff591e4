// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/region.hpp"

// Segmentation losses of logits against masks, both contiguous planes [planes, pixels]: one read of
// both gives the sums that every value follows from, a second read writes the gradient.
namespace vlsm::kernels {

/// A plane is summed in chunks of so many pixels, whoever sums them, and the chunks are added up in
/// order: the same bits from any number of threads.
inline constexpr std::ptrdiff_t dice_chunk = 16384;

struct DiceSizes {
  std::ptrdiff_t planes = 0, pixels = 0;

  constexpr std::ptrdiff_t chunks_of_plane() const {
    return (pixels + dice_chunk - 1) / dice_chunk;
  }
  constexpr std::ptrdiff_t chunks() const { return planes * chunks_of_plane(); }
  /// Where a chunk begins, and its pixels; the last of a plane may have fewer.
  constexpr std::ptrdiff_t begin_of(std::ptrdiff_t chunk) const {
    return chunk / chunks_of_plane() * pixels + chunk % chunks_of_plane() * dice_chunk;
  }
  constexpr std::ptrdiff_t size_of(std::ptrdiff_t chunk) const {
    std::ptrdiff_t const rest = pixels - chunk % chunks_of_plane() * dice_chunk;
    return rest < dice_chunk ? rest : dice_chunk;
  }
};

/// The gradient of pixel i of a plane is p (1 - p) (by_overlap t + by_predicted) + by_term term'.
struct DiceSlopes {
  float by_overlap = 0, by_predicted = 0, by_term = 0;
};

/// How sums become values: planes that differ by a multiple of `groups` make one region (`planes`:
/// each its own; the number of channels: the batch is summed over), and the term is averaged over
/// all pixels.
template <class Region>
struct DiceFinish : DiceSizes {
  Region region;
  std::ptrdiff_t groups = 0;

  /// From the sums of chunks to `losses` [groups]; returns the sum of the term over all pixels.
  double run(DiceSums const* chunks, RegionLoss* losses) const {
    double term = 0;
    for (std::ptrdiff_t group = 0; group < groups; ++group) {
      DiceSums sums;
      for (std::ptrdiff_t plane = group; plane < planes; plane += groups)
        for (std::ptrdiff_t i = 0; i < chunks_of_plane(); ++i)
          sums += chunks[plane * chunks_of_plane() + i];
      losses[group] = region(sums);
      term += sums.term;
    }
    return term;
  }
};

}  // namespace vlsm::kernels
