// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/columns.cuh"
#include "vlsm/kernels/film/launch.hpp"

// Which elements a thread modulates: four times four neighbors, all loaded before any is used.
namespace vlsm::kernels::film {

inline constexpr int threads = ColumnSplit::threads, pieces = ColumnSplit::rows_of_thread;

/// Tokens: the thread keeps its four channels and goes from row to row.
struct TokenPlaces {
  static constexpr bool tokens = true;
  ColumnSplit columns;
  ColumnThread at;
  std::ptrdiff_t positions, row, batch;
  int split, count;

  __device__ explicit TokenPlaces(FilmShape const& shape)
      : columns(shape.channels),
        at(columns, blockIdx.y),
        positions(shape.positions),
        row(std::ptrdiff_t{columns.rows_of_block()} * blockIdx.x + at.lane),
        batch(blockIdx.z),
        split(blockIdx.x),
        count(at.count) {}

  __device__ int count_of(int piece) const {
    return row + piece * columns.lanes < positions ? count : 0;
  }
  __device__ std::ptrdiff_t offset_of(int piece) const {
    return (batch * positions + row + piece * columns.lanes) * columns.columns + at.column;
  }
  /// Of the channel of neighbor i: in scale and shift, and in the bias.
  __device__ std::ptrdiff_t plane_of(int i) const {
    return batch * columns.columns + at.column + i;
  }
  __device__ int channel_of(int i) const { return at.column + i; }
};

/// Maps: a warp has a part of one plane.
struct MapPlaces {
  static constexpr bool tokens = false;
  std::ptrdiff_t positions, plane, first;
  int split, channel, count;

  __device__ explicit MapPlaces(FilmShape const& shape) : positions(shape.positions) {
    int const splits = film_splits(shape);
    std::ptrdiff_t const warp = std::ptrdiff_t{blockIdx.x} * (threads / 32) + threadIdx.x / 32;
    plane = warp / splits;
    split = static_cast<int>(warp % splits);
    channel = static_cast<int>(plane % shape.channels);
    first = std::ptrdiff_t{film_map_part} * split + step * (threadIdx.x % 32);
    count = plane < shape.planes() ? step : 0;  // the last block may have warps too many
  }

  __device__ int count_of(int piece) const {
    std::ptrdiff_t const rest = positions - first - piece * (32 * step);
    return rest <= 0 ? 0 : rest < count ? static_cast<int>(rest) : count;
  }
  __device__ std::ptrdiff_t offset_of(int piece) const {
    return plane * positions + first + piece * (32 * step);
  }
  __device__ std::ptrdiff_t plane_of(int) const { return plane; }
  __device__ int channel_of(int) const { return channel; }
};

static_assert(film_map_part == pieces * 32 * step);

template <class Places, class T>
__device__ void fetch_pieces(Places const& places, void const* from, bool wide,
                             Four<T> (&to)[pieces]) {
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k)
    fetch(static_cast<T const*>(from) + places.offset_of(k), places.count_of(k), wide, to[k]);
}

/// Of each neighbor, from an array [B, C].
template <class Places, class T>
__device__ void read_planes(Places const& places, void const* from, float (&to)[step]) {
  VLSM_UNROLL
  for (int i = 0; i < step; ++i)
    if (i < places.count) to[i] = to_float(static_cast<T const*>(from)[places.plane_of(i)]);
}

/// Of each neighbor, from an array [C]; zeros without one.
template <class Places, class T>
__device__ void read_channels(Places const& places, void const* from, float (&to)[step]) {
  VLSM_UNROLL
  for (int i = 0; i < step; ++i)
    if (from != nullptr && i < places.count)
      to[i] = to_float(static_cast<T const*>(from)[places.channel_of(i)]);
}

}  // namespace vlsm::kernels::film
