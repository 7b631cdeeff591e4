// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>

#include "vlsm/kernels/cpu/vector.hpp"

// A convolution of each channel by itself. All maps lie channels last: [batch, height, width,
// channels].
namespace vlsm::kernels {

/// A square kernel moves over a map with zeros around: sum + bias, then ReLU.
struct Depthwise {
  using Index = std::ptrdiff_t;

  float const* x = nullptr;       ///< [batch, height, width, channels]
  float const* weight = nullptr;  ///< [kernel, kernel, padded]
  float const* bias = nullptr;    ///< [padded]
  float* out = nullptr;           ///< [batch, out_height, out_width, channels]
  Index batch = 0, height = 0, width = 0, channels = 0;
  Index padded = 0;  ///< channels in whole vectors of 16, what is behind the last is not used
  Index out_height = 0, out_width = 0;
  Index kernel = 3, stride = 1, padding = 0, dilation = 1;
  bool relu = false;

  Index out_rows() const { return batch * out_height; }
};

/// Rows `first` to `last` - 1 of the result's batch x out_height rows. What lies outside the map is
/// left out, not multiplied, so that a dilation wider than the map costs less, not more.
struct DepthwiseRows {
  using Index = Depthwise::Index;
  Depthwise const& c;
  Index first, last;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    constexpr Index lanes = cpu::Lanes<float, bytes>::count;
    for (Index row = first; row < last; ++row) {
      Cells const down(row % c.out_height, c.height, c);
      for (Index column = 0; column < c.out_width; ++column) {
        Cells const across(column, c.width, c);
        float const* const from = c.x + row / c.out_height * c.height * c.width * c.channels;
        float* const to = c.out + (row * c.out_width + column) * c.channels;
        Index at = 0;
        for (; at + 4 * lanes <= c.channels; at += 4 * lanes)
          sum_up<bytes, 4>(down, across, from, to, at, lanes);
        for (; at < c.channels; at += lanes)
          sum_up<bytes, 1>(down, across, from, to, at, c.channels - at);
      }
    }
  }

 private:
  /// The cells of the kernel that meet the map, along one axis.
  struct Cells {
    Index start;  ///< where the first cell of all lies
    Index begin = 0, end;

    Cells(Index place, Index size, Depthwise const& c)
        : start(place * c.stride - c.padding), end(c.kernel) {
      while (begin < end && start + begin * c.dilation < 0) ++begin;
      while (begin < end && start + (end - 1) * c.dilation >= size) --end;
    }
  };

  /// `vectors` vectors of channels from `at` on, or `count` channels if that is less than one.
  template <int bytes, int vectors>
  VLSM_ALWAYS_INLINE void sum_up(Cells const& down, Cells const& across, float const* from,
                                 float* to, Index at, Index count) const {
    using T = float;
    using cpu::Lanes;
    using V = typename Lanes<T, bytes>::Vector;
    constexpr Index lanes = Lanes<T, bytes>::count;
    bool const whole = count >= lanes;
    auto const size = static_cast<std::size_t>(count) * sizeof(T);
    T part[lanes] = {};
    V sums[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) sums[v] = VLSM_AT(c.bias + at + v * lanes);
    for (Index i = down.begin; i < down.end; ++i)
      for (Index j = across.begin; j < across.end; ++j) {
        Index const y = down.start + i * c.dilation, x = across.start + j * c.dilation;
        float const* pixel = from + (y * c.width + x) * c.channels + at;
        float const* const weight = c.weight + (i * c.kernel + j) * c.padded + at;
        if (!whole) {
          std::memcpy(part, pixel, size);
          pixel = part;
        }
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
          sums[v] += VLSM_AT(pixel + v * lanes) * VLSM_AT(weight + v * lanes);
      }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      if (c.relu) sums[v] = sums[v] < V{} ? V{} : sums[v];
      VLSM_TO(whole ? to + at + v * lanes : part) = sums[v];
    }
    if (!whole) std::memcpy(to + at, part, size);
  }
};

}  // namespace vlsm::kernels
