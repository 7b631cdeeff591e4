// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/common/host_device.hpp"
#include "vlsm/kernels/segmentation_loss/pixel_term.hpp"
#include "vlsm/kernels/segmentation_loss/region.hpp"

// Segmentation losses of logits against masks, both contiguous planes [planes, pixels]: one read of
// both gives the sums that every value follows from, a second read writes the gradient.
namespace vlsm::kernels {

/// A plane is summed in chunks of so many pixels, and the chunks are added up in order: the same
/// bits from any number of threads.
inline constexpr std::ptrdiff_t dice_chunk = 16384;

/// The sizes of logits and masks [planes, pixels], and their chunks, plane by plane.
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

/// How the CUDA kernels make one value of the regions' losses and the term.
struct DiceTotal {
  double region_weight = 1, term_weight = 0;
  bool mean = true;           ///< over groups, and over the term's pixels; false: sums
  bool each_group = false;    ///< a value for each group; the term is averaged
  std::ptrdiff_t groups = 0;  ///< as in DiceFinish
};

/// What both passes of the CUDA kernels read.
struct DiceOnDevice {
  DiceSizes size;
  DiceTotal total;
  Element logits_type = Element::f32, target_type = Element::f32;
  void const *logits = nullptr, *target = nullptr;  ///< [planes, pixels]
  RegionLoss* regions = nullptr;  ///< [groups]: the forward writes it, the backward reads it
};

/// Arguments of the forward, which writes `value` and `regions`.
struct DiceForward : DiceOnDevice {
  DiceSums* workspace = nullptr;  ///< dice_workspace(size) of them
  float* value = nullptr;         ///< [1], or [groups] with `each_group`
};

/// Arguments of the backward, which writes the gradient with respect to the logits.
struct DiceBackward : DiceOnDevice {
  float const* grad = nullptr;  ///< with respect to the value, of its shape
  void* gradient = nullptr;     ///< [planes, pixels], of the logits' type
};

/// The logarithm to the base 2 of a block's share of a plane, in pixels: small where there are few
/// pictures, so that they keep a whole GPU busy, else large, since a block's end costs as much as
/// eight pixels a thread.
VLSM_HOST_DEVICE constexpr int dice_share_bits(DiceSizes const& size) {
  return size.planes * size.pixels < (std::ptrdiff_t{1} << 22) ? 12 : 14;
}

/// Blocks of a plane, the last of which may have less than its share.
VLSM_HOST_DEVICE constexpr std::ptrdiff_t dice_shares(DiceSizes const& size) {
  int const bits = dice_share_bits(size);
  return (size.pixels + (std::ptrdiff_t{1} << bits) - 1) >> bits;
}

/// How many DiceSums the forward's workspace holds: one for each block's share.
VLSM_HOST_DEVICE constexpr std::ptrdiff_t dice_workspace(DiceSizes const& size) {
  return size.planes * dice_shares(size);
}

/// Whether a loss of these functors has launches that some .cu file instantiates:
/// kernels/segmentation_loss/launch.cuh those of the library's own. For functors of one's own,
/// write `template <> inline constexpr bool vlsm::kernels::on_gpu<Mine, Term> = true;` behind
/// them, and in a .cu file that includes both and kernels/segmentation_loss/launch_loss.cuh
/// `VLSM_LOSS_ON_GPU(Mine, Term);`. Without that, logits on a GPU are copied to the CPU.
template <class Region, class Term>
inline constexpr bool on_gpu = is_own_region<Region>&& is_own_term<Term>;

/// Starts the forward. `stream` is a cudaStream_t. No synchronization, no atomics, the same bits
/// every run. Throws Error for element types that the kernels do not read.
template <class Region, class Term>
void launch_loss(DiceForward const& arguments, Region const& region, Term const& term,
                 void* stream);
/// Starts the backward, likewise; it reads the regions that the forward wrote.
template <class Term>
void launch_loss(DiceBackward const& arguments, Term const& term, void* stream);

}  // namespace vlsm::kernels
