// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>

#include "vlsm/kernels/convolution/winograd.hpp"

// The three steps of a task: inputs of its tiles are transformed, multiplied at each point, and
// transformed back.
namespace vlsm::kernels::winograd {

namespace detail {

/// Where a tile begins. Its pixels are `dilation` apart.
struct Place {
  Index picture, top, left;

  Place(Convolution const& c, Plan const& plan, Index index) {
    Index const reach = c.weights.tile * c.dilation;
    left = index % plan.tiles_across * reach;
    index /= plan.tiles_across;
    top = index % plan.tiles_down * reach;
    index /= plan.tiles_down;
    left += index % c.dilation;
    index /= c.dilation;
    top += index % c.dilation;
    picture = index / c.dilation;
  }
};

/// B^T d B of tiles `first` to `last`: to `out` [points^2] `step` apart, as Gemm reads it.
template <int tile>
struct TransformInput {
  Convolution const& c;
  Plan const& plan;
  Input const& input;
  Index first, last;
  float const* zeros;  ///< as many as the input has channels
  float* out;
  cpu::Isa isa;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using cpu::Lanes, cpu::panel;
    constexpr int lanes = Lanes<T, bytes>::count, n = tile + 2;
    Index const channels = input.channels;
    cpu::RowBlocks const blocks(last - first, isa);
    float const* two[2][n * n];  // pixels of this tile and of the next
    find_pixels(first, two[0]);
    for (Index block = 0; block < blocks.count; ++block) {
      Index const begin = blocks.first(block), height = blocks.first(block + 1) - begin;
      for (Index row = 0; row < height; ++row) {
        float const** const pixels = two[(begin + row) % 2];
        float const** const next = two[(begin + row + 1) % 2];
        find_pixels(std::min(first + begin + row + 1, last - 1), next);
        float* to = out + begin * cpu::in_panels(channels) + row * panel;
        for (Index channel = 0; channel < channels; channel += panel, to += height * panel) {
          // More streams than the machine would guess; the second cache holds them more surely.
#pragma GCC unroll 6
          for (int i = 0; i < n; ++i)
#pragma GCC unroll 6
            for (int j = n - tile; j < n; ++j) __builtin_prefetch(next[i * n + j] + channel, 0, 2);
#pragma GCC unroll 4
          for (int lane = 0; lane < panel; lane += lanes) {
            Index const at = channel + lane, count = channels - at;
            if (count <= 0) break;
            if (count >= lanes) {
              transform<bytes>(pixels, at, to + lane);
            } else {
              T part[n * n][lanes] = {};
              float const* parts[n * n];
              for (int i = 0; i < n * n; ++i) {
                std::memcpy(part[i], pixels[i] + at, static_cast<std::size_t>(count) * sizeof(T));
                parts[i] = part[i];
              }
              transform<bytes>(parts, 0, to + lane);
            }
          }
        }
      }
    }
  }

  /// A vector of channels, `at` behind the beginning of each pixel.
  template <int bytes>
  VLSM_ALWAYS_INLINE void transform(float const* const* pixels, Index at, float* to) const {
    using T = float;
    using cpu::Lanes;
    constexpr int n = tile + 2;
    Index const step = plan.input_step();
    typename Lanes<T, bytes>::Vector d[n * n];
#pragma GCC unroll 6
    for (int j = 0; j < n; ++j) {
#pragma GCC unroll 6
      for (int i = 0; i < n; ++i) d[i * n + j] = VLSM_AT(pixels[i * n + j] + at);
      Transform<tile>::input(d + j, n);
    }
#pragma GCC unroll 6
    for (int i = 0; i < n; ++i) {
      Transform<tile>::input(d + i * n, 1);
#pragma GCC unroll 6
      for (int j = 0; j < n; ++j) VLSM_TO(to + (i * n + j) * step) = d[i * n + j];
    }
  }

  /// The pixels of a tile, one around it too; zeros where the map has none.
  VLSM_ALWAYS_INLINE void find_pixels(Index index, float const** pixels) const {
    constexpr int n = tile + 2;
    Place const place(c, plan, index);
    Index const shift = input.upsample == 2 ? 1 : 0;
    Index const height = c.height >> shift, width = c.width >> shift;
    Index column[n];
    for (int j = 0; j < n; ++j)
      column[j] = ((place.left + (j - 1) * c.dilation) >> shift) * input.channels;
    for (int i = 0; i < n; ++i) {
      Index const y = place.top + (i - 1) * c.dilation;
      bool const inside = y >= 0 && y < c.height;
      Index const row = (place.picture * height + (y >> shift)) * width * input.channels;
      for (int j = 0; j < n; ++j) {
        Index const x = place.left + (j - 1) * c.dilation;
        bool const here = inside && x >= 0 && x < c.width;
        pixels[i * n + j] = here ? input.data + (row + column[j]) : zeros;
      }
    }
  }
};

/// A^T m A of tiles `first` to `last` for a slice of the outputs, + bias, + residual, ReLU.
template <int tile>
struct TransformOutput {
  Convolution const& c;
  Plan const& plan;
  Index first, last, begin, end;  ///< of the tiles; of the slice's columns
  float const* products;          ///< [points^2], `plan.product_step()` apart: [tiles, columns]

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename cpu::Lanes<T, bytes>::Vector;
    using cpu::Lanes;
    constexpr int lanes = Lanes<T, bytes>::count, n = tile + 2;
    Index const step = plan.product_step(), out = c.weights.out;
    for (Index index = first; index < last; ++index) {
      Place const place(c, plan, index);
      Index const rows = inside(c.height - place.top), columns = inside(c.width - place.left);
      Index const corner = ((place.picture * c.height + place.top) * c.width + place.left) * out;
      float const* const from = products + (index - first) * (end - begin);
      for (Index column = begin; column < std::min(end, out); column += lanes) {
        V m[n * n];
#pragma GCC unroll 6
        for (int i = 0; i < n; ++i) {
#pragma GCC unroll 6
          for (int j = 0; j < n; ++j)
            m[i * n + j] = VLSM_AT(from + (i * n + j) * step + column - begin);
          Transform<tile>::output(m + i * n, 1);
        }
#pragma GCC unroll 4
        for (int j = 0; j < tile; ++j) Transform<tile>::output(m + j, n);
        V const bias = VLSM_AT(c.weights.bias + column);
        Index const count = out - column;
        // Where the next tile will write: it need not wait for lines that it does not read.
        fetch(corner + away(0, tile) + column);
        if (rows == tile && columns == tile && count >= lanes) {
#pragma GCC unroll 4
          for (int i = 0; i < tile; ++i)
#pragma GCC unroll 4
            for (int j = 0; j < tile; ++j) {
              m[i * n + j] += bias;
              finish<bytes>(m[i * n + j], corner + away(i, j) + column, lanes);
            }
        } else {
          T values[n * n][lanes];
#pragma GCC unroll 36
          for (int i = 0; i < n * n; ++i) VLSM_TO(values[i]) = m[i] + bias;
          for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j) {
              V value = VLSM_AT(values[i * n + j]);
              finish<bytes>(value, corner + away(i, j) + column, count);
            }
        }
      }
    }
  }

  /// How many of a tile's rows lie in a map that ends `left` rows below the first of them.
  VLSM_ALWAYS_INLINE Index inside(Index left) const {
    return std::clamp<Index>((left + c.dilation - 1) / c.dilation, 0, tile);
  }

  /// From a tile's first pixel to another's, in floats of the result.
  VLSM_ALWAYS_INLINE Index away(Index row, Index column) const {
    return (row * c.width + column) * c.dilation * c.weights.out;
  }

  /// Asks for the lines of a tile's results, and of the residual; addresses outside of them do no
  /// harm.
  VLSM_ALWAYS_INLINE void fetch(Index at) const {
#pragma GCC unroll 4
    for (int i = 0; i < tile; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < tile; ++j) {
        Index const offset = at + away(i, j);
        __builtin_prefetch(c.out + offset, 1, 2);
        if (c.residual != nullptr) __builtin_prefetch(c.residual + offset, 0, 2);
      }
  }

  /// Adds the residual, sets what is negative to zero, and writes `count` numbers or a vector.
  template <int bytes>
  VLSM_ALWAYS_INLINE void finish(typename cpu::Lanes<float, bytes>::Vector& value, Index at,
                                 Index count) const {
    using T = float;
    using V = typename cpu::Lanes<T, bytes>::Vector;
    using cpu::Lanes;
    constexpr int lanes = Lanes<T, bytes>::count;
    if (count >= lanes) {
      if (c.residual != nullptr) value += VLSM_AT(c.residual + at);
      if (c.relu) value = value < V{} ? V{} : value;
      VLSM_TO(c.out + at) = value;
    } else {
      T part[lanes] = {};
      auto const size = static_cast<std::size_t>(count) * sizeof(T);
      if (c.residual != nullptr) std::memcpy(part, c.residual + at, size);
      value += VLSM_AT(part);
      if (c.relu) value = value < V{} ? V{} : value;
      VLSM_TO(part) = value;
      std::memcpy(c.out + at, part, size);
    }
  }
};

template <int tile>
void run_task(Convolution const& c, Plan const& plan, Index task, float* scratch, cpu::Isa isa) {
  Index const group = task / plan.slices, slice = task % plan.slices;
  Index const first = plan.first_tile(group), last = plan.first_tile(group + 1);
  Index const begin = plan.first_column(slice), end = plan.first_column(slice + 1);
  float* const zeros = scratch;
  float* const inputs = zeros + plan.widest_in;
  float* const products = inputs + plan.points * plan.input_step();
  std::fill(zeros, inputs, 0.0f);
  float* to = inputs;
  for (int i = 0; i < c.input_count; ++i) {
    cpu::dispatch(TransformInput<tile>{c, plan, c.inputs[i], first, last, zeros, to, isa}, isa);
    to += (last - first) * cpu::in_panels(c.inputs[i].channels);
  }
  Index const b_panel = c.weights.in * cpu::panel;
  for (Index point = 0; point < plan.points; ++point) {
    float const* a = inputs + point * plan.input_step();
    float const* b = c.weights.filter + (point * plan.columns + begin) / cpu::panel * b_panel;
    for (int i = 0; i < c.input_count; ++i) {
      Index const channels = c.inputs[i].channels;
      cpu::dispatch(cpu::Gemm<>{.c = products + point * plan.product_step(),
                                .c_row = end - begin,
                                .a = a,
                                .b = b,
                                .rows = last - first,
                                .columns = end - begin,
                                .inner = channels,
                                .b_panel = b_panel,
                                .add = i > 0},
                    isa);
      a += (last - first) * cpu::in_panels(channels);
      b += channels * cpu::panel;
    }
  }
  cpu::dispatch(TransformOutput<tile>{c, plan, first, last, begin, end, products}, isa);
}

}  // namespace detail

/// One of the plan's tasks, in `scratch` of plan.scratch() floats that begin at a multiple of 64
/// bytes. Tasks may run at the same time, each in its own scratch.
inline void run_task(Convolution const& c, Plan const& plan, Index task, float* scratch,
                     cpu::Isa isa = cpu::best_isa()) {
  if (c.weights.tile == 2)
    detail::run_task<2>(c, plan, task, scratch, isa);
  else
    detail::run_task<4>(c, plan, task, scratch, isa);
}

}  // namespace vlsm::kernels::winograd
