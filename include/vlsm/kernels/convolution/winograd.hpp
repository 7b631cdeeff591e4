// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "vlsm/kernels/convolution/transform.hpp"
#include "vlsm/kernels/cpu/gemm.hpp"

// A 3 x 3 convolution by Winograd's minimal filtering: what it is asked for, and how its work is
// cut. All maps lie channels last: [batch, height, width, channels].
namespace vlsm::kernels::winograd {

using Index = std::ptrdiff_t;

/// A map that is read; several are read as if they were concatenated along the channels.
struct Input {
  float const* data = nullptr;
  Index channels = 0;
  /// 2: the map has half the height and width, and each of its pixels is read as 2 x 2.
  Index upsample = 1;
};

/// Maps that one convolution reads, at most.
inline constexpr int most_inputs = 8;

/// Weights that `pack` transformed: [(tile + 2)^2][panels of 16 outputs][in][16], and the bias in
/// whole panels.
struct Weights {
  float const* filter = nullptr;
  float const* bias = nullptr;
  Index in = 0, out = 0;
  int tile = 4;  ///< 2 or 4

  Index points() const { return (tile + 2) * (tile + 2); }
  Index columns() const { return cpu::in_panels(out); }
};

/// A convolution of stride 1 with as many zeros around as its dilation: + bias, + residual, then
/// ReLU.
struct Convolution {
  Weights weights;
  Index batch = 0, height = 0, width = 0;
  Index dilation = 1;
  Input inputs[most_inputs];
  int input_count = 0;
  float const* residual = nullptr;  ///< [batch, height, width, out] or null
  float* out = nullptr;             ///< [batch, height, width, out]
  bool relu = false;
};

/// How a convolution is cut into tasks: groups of tiles times slices of the outputs. Which way has
/// no influence on a result's bits. A dilated one is one of dilation 1 on each of dilation^2 grids,
/// whose pixels lie that far apart.
struct Plan {
  Index tiles_down = 0, tiles_across = 0;  ///< of a grid
  Index tiles = 0;
  Index groups = 1, slices = 1;
  Index padded_in = 0;  ///< channels of all inputs, each filled up to a multiple of 16
  Index widest_in = 0;  ///< the most channels that an input has, likewise
  Index columns = 0;    ///< outputs in whole panels
  Index points = 0;

  Plan(Convolution const& c, Index threads) {
    Index const tile = c.weights.tile;
    Index const reach = tile * c.dilation;  // of a tile, on its grid
    tiles_down = (c.height + reach - 1) / reach;
    tiles_across = (c.width + reach - 1) / reach;
    tiles = c.batch * c.dilation * c.dilation * tiles_down * tiles_across;
    for (int i = 0; i < c.input_count; ++i) {
      padded_in += cpu::in_panels(c.inputs[i].channels);
      widest_in = std::max(widest_in, cpu::in_panels(c.inputs[i].channels));
    }
    columns = c.weights.columns();
    points = c.weights.points();
    choose(c.weights.in, threads);
  }

  Index tasks() const { return groups * slices; }
  Index first_tile(Index group) const { return tiles * group / groups; }
  Index first_column(Index slice) const {
    return columns / cpu::panel * slice / slices * cpu::panel;
  }
  Index most_tiles() const { return (tiles + groups - 1) / groups; }
  Index most_columns() const { return ((columns / cpu::panel + slices - 1) / slices) * cpu::panel; }
  /// From one point's inputs or products to the next point's: an odd number of cache lines, so that
  /// they do not all fall into one set of a cache.
  static Index apart(Index count) { return count / 32 * 32 + 48; }
  Index input_step() const { return apart(most_tiles() * padded_in); }
  Index product_step() const { return apart(most_tiles() * most_columns()); }
  /// Floats that a task works in.
  Index scratch() const { return widest_in + points * (input_step() + product_step()); }

 private:
  /// Sets groups and slices: those that should take the shortest time.
  void choose(Index in, Index threads) {
    // Inputs and products of a group should stay in the second cache; but the way of the weights
    // there must be paid back by many tiles, more of them where the weights fill the last cache.
    constexpr Index second_cache = 65536, last_cache = 4'000'000;  // in floats, with room to spare
    Index const fewest = points * columns * in > last_cache ? 112 : 56;
    Index const each = std::max(fewest, second_cache / (points * (padded_in + columns)));
    double least = 0;
    for (Index parts = 1; parts == 1 || parts * 2 * cpu::panel <= columns; parts *= 2) {
      Index some = (tiles + each / 2) / each;
      if (some * parts < 4 * threads)
        some = (some * parts + threads - 1) / threads * threads / parts;
      some = std::clamp<Index>(some, 1, std::max<Index>(1, tiles));
      Index const rounds = (some * parts + threads - 1) / threads;
      double const time =
          static_cast<double>(rounds) * cycles_of((tiles + some - 1) / some, in, columns / parts);
      if (parts > 1 && time >= least) continue;
      least = time;
      groups = some;
      slices = parts;
    }
  }

  /// About how many cycles a task takes: a vector of products each, 8 and 7 for what is transformed
  /// at a point, and weights that come at 16 bytes each.
  double cycles_of(Index each, Index in, Index out) const {
    auto const product = static_cast<double>(in * out) / 16,
               ends = static_cast<double>(8 * in + 7 * out);
    return static_cast<double>(points) *
           (static_cast<double>(each) * (product + ends / 16) + 4 * product);
  }
};

}  // namespace vlsm::kernels::winograd
