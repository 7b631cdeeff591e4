// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vlsm/kernels/cpu/isa.hpp"

// PNG's Paeth filter, by which most photographs are stored (ISO 15948, 9.4), and its inverse, on
// eight samples at a time. The vectors are those of g++ and clang; any processor's registers do.
namespace vlsm::detail {

using Bytes8 = std::uint8_t __attribute__((vector_size(8)));
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
using Longs2 = std::uint64_t __attribute__((vector_size(16)));
using Words8 = std::int16_t __attribute__((vector_size(16)));

/// Of left, above and the corner between them the one that is nearest to left + above - corner; of
/// equally near ones the first. Not by its distances, since each pixel waits for its left one: with
/// t = 3 corner - above - left, the smaller of left and above is the nearest where t is at least
/// the larger, the larger where t is at most the smaller, and else the corner.
VLSM_ALWAYS_INLINE Words8 paeth_prediction(Words8 left, Words8 above, Words8 corner) {
  Words8 const turn = 3 * corner - above - left;
  Words8 const low = left < above ? left : above, high = left < above ? above : left;
  Words8 const not_low = high > turn, not_high = turn > low;
  return (~not_low & low) | (~not_high & high) | (not_low & not_high & corner);
}

/// The `count` bytes of a pixel in a vector. Loads of parts: one of a size that the processor does
/// not know would go through memory and wait there.
template <std::size_t count>
VLSM_ALWAYS_INLINE Words8 load_samples(std::uint8_t const* from) {
  std::uint64_t bits = 0;
  std::size_t at = 0;
  auto const part = [&]<class Part>(Part value) VLSM_ALWAYS_INLINE_LAMBDA {
    if (count - at < sizeof(Part)) return;
    std::memcpy(&value, from + at, sizeof(Part));
    bits |= static_cast<std::uint64_t>(value) << 8 * at;
    at += sizeof(Part);
  };
  if constexpr (count >= 8) part(std::uint64_t{});
  if constexpr (count % 8 >= 4) part(std::uint32_t{});
  if constexpr (count % 4 >= 2) part(std::uint16_t{});
  if constexpr (count % 2 == 1) part(std::uint8_t{});
  Bytes16 const bytes = std::bit_cast<Bytes16>(Longs2{bits});
  return std::bit_cast<Words8>(__builtin_shufflevector(bytes, Bytes16{}, 0, 16, 1, 17, 2, 18, 3, 19,
                                                       4, 20, 5, 21, 6, 22, 7, 23));
}

/// Writes the `count` low bytes of a pixel's samples: the inverse of `load_samples`.
template <std::size_t count>
VLSM_ALWAYS_INLINE void store_samples(Words8 samples, std::uint8_t* to) {
  auto const bits = std::bit_cast<std::uint64_t>(__builtin_convertvector(samples, Bytes8));
  std::size_t at = 0;
  auto const part = [&]<class Part>(Part) VLSM_ALWAYS_INLINE_LAMBDA {
    auto const value = static_cast<Part>(bits >> 8 * at);
    std::memcpy(to + at, &value, sizeof(Part));
    at += sizeof(Part);
  };
  if constexpr (count >= 8) part(std::uint64_t{});
  if constexpr (count % 8 >= 4) part(std::uint32_t{});
  if constexpr (count % 4 >= 2) part(std::uint16_t{});
  if constexpr (count % 2 == 1) part(std::uint8_t{});
}

/// Undoes the filter of a row of pixels of `bpp` bytes: pixel by pixel, as each needs its left one.
template <std::size_t bpp>
void undo_paeth(std::uint8_t* row, std::uint8_t const* above, std::size_t size) {
  Words8 left{}, corner{};
  for (std::size_t i = 0; i < size; i += bpp) {
    Words8 const over = load_samples<bpp>(above + i);
    left = (load_samples<bpp>(row + i) + paeth_prediction(left, over, corner)) & 255;
    corner = over;
    store_samples<bpp>(left, row + i);
  }
}

/// Filters a row of pixels of `bpp` bytes.
template <std::size_t bpp>
void paeth(std::uint8_t const* row, std::uint8_t const* above, std::size_t size,
           std::uint8_t* out) {
  for (std::size_t i = 0; i < bpp; ++i) out[i] = static_cast<std::uint8_t>(row[i] - above[i]);
  std::size_t i = bpp;
  auto const step = [&]<std::size_t count>(std::integral_constant<std::size_t, count>) {
    Words8 const predicted =
        paeth_prediction(load_samples<count>(row + i - bpp), load_samples<count>(above + i),
                         load_samples<count>(above + i - bpp));
    store_samples<count>((load_samples<count>(row + i) - predicted) & 255, out + i);
    i += count;
  };
  while (i + 8 <= size) step(std::integral_constant<std::size_t, 8>());
  while (i < size) step(std::integral_constant<std::size_t, 1>());
}

}  // namespace vlsm::detail
