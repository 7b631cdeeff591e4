// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/image/box.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

namespace detail {

/// The edge of a mask's object within a box: pixels from 128 on of which a neighbor that shares a
/// side is background or lies outside of the picture. [box's height, box's width], 0 or 1.
inline Mask edge_in_box(Mask const& mask, Box box) {
  auto const height = static_cast<std::int64_t>(mask.shape(0)),
             width = static_cast<std::int64_t>(mask.shape(1));
  auto const object = [&](std::int64_t y, std::int64_t x) {
    return y >= 0 && y < height && x >= 0 && x < width && mask.data()[y * width + x] > 127;
  };
  Mask edge = Mask::from_shape({static_cast<std::size_t>(box.y1 - box.y0 + 1),
                                static_cast<std::size_t>(box.x1 - box.x0 + 1)});
  auto* out = edge.data();
  for (std::int64_t y = box.y0; y <= box.y1; ++y)
    for (std::int64_t x = box.x0; x <= box.x1; ++x)
      *out++ = object(y, x) &&
               !(object(y - 1, x) && object(y + 1, x) && object(y, x - 1) && object(y, x + 1));
  return edge;
}

/// Of each pixel of `from` that is set the distance to the nearest one of `to`, of which at least
/// one must be set: the exact Euclidean transform in linear time of Meijster, Roerdink and
/// Hesselink (2000), for the rows that hold such pixels.
inline std::vector<float> distances_to(Mask const& from, Mask const& to) {
  auto const height = static_cast<std::int64_t>(to.shape(0)),
             width = static_cast<std::int64_t>(to.shape(1));
  std::int64_t const far = height + width;      // beyond the distance of any two pixels
  std::vector<std::int64_t> column(to.size());  // to the nearest in the same column
  for (std::int64_t x = 0; x < width; ++x) {
    std::int64_t near = far;
    for (std::int64_t y = 0; y < height; ++y) {
      near = to.data()[y * width + x] != 0 ? 0 : std::min(near + 1, far);
      column[static_cast<std::size_t>(y * width + x)] = near;
    }
    for (std::int64_t y = height - 1; y >= 0; --y) {
      auto& here = column[static_cast<std::size_t>(y * width + x)];
      here = near = std::min(here, near + 1);
    }
  }
  std::vector<float> distances;
  struct Piece {  // of the lower envelope: column `site` is nearest from column `start` on
    std::int64_t site, start;
  };
  std::vector<Piece> envelope;
  for (std::int64_t y = 0; y < height; ++y) {
    auto const* const asked = from.data() + y * width;
    if (std::find_if(asked, asked + width, [](auto one) { return one != 0; }) == asked + width)
      continue;
    auto const* const g = column.data() + y * width;
    auto const squared = [g](std::int64_t x, std::int64_t site) {
      return (x - site) * (x - site) + g[site] * g[site];
    };
    envelope.assign(1, {0, 0});
    for (std::int64_t u = 1; u < width; ++u) {
      while (!envelope.empty() && squared(envelope.back().start, envelope.back().site) >
                                      squared(envelope.back().start, u))
        envelope.pop_back();
      if (envelope.empty()) {
        envelope.push_back({u, 0});
        continue;
      }
      std::int64_t const i = envelope.back().site,
                         start = 1 + (u * u - i * i + g[u] * g[u] - g[i] * g[i]) / (2 * (u - i));
      if (start < width) envelope.push_back({u, start});
    }
    auto piece = envelope.cbegin();
    for (std::int64_t x = 0; x < width; ++x) {
      while (piece + 1 != envelope.cend() && (piece + 1)->start <= x) ++piece;
      if (asked[x] != 0)
        distances.push_back(
            static_cast<float>(std::sqrt(static_cast<double>(squared(x, piece->site)))));
    }
  }
  return distances;
}

/// The percentile of values, at least one, as torch.quantile gives it in float32: between two
/// neighbors by their distance. The values are put into another order.
inline float percentile_of(std::vector<float>& values, double percentile) {
  // torch rounds the share, but not the rank that follows from it.
  double const rank = static_cast<double>(static_cast<float>(percentile / 100)) *
                      static_cast<double>(values.size() - 1);
  auto const below = static_cast<std::ptrdiff_t>(rank);
  auto const at = values.begin() + below;
  std::nth_element(values.begin(), at, values.end());
  double const low = *at;
  double const high = at + 1 == values.end() ? low : *std::min_element(at + 1, values.end());
  return static_cast<float>(low + (rank - static_cast<double>(below)) * (high - low));
}

}  // namespace detail

/// A percentile of the Hausdorff distance between the objects of two masks [H, W] of bytes, from
/// 128 on the object, in pixels: the larger one of both directions, as MONAI 1.6 computes it
/// (compute_hausdorff_distance, percentile = 95, Euclidean). In a direction it is a percentile of
/// the distances from each pixel of one object's edge to the nearest of the other's; 100 is the
/// classic Hausdorff distance. The edge is what an erosion by a cross takes away, at the picture's
/// border too. NaN where either mask holds no object, as MONAI's. Throws Error where the sizes
/// differ, and for a percentile that is not from 0 to 100.
inline double hausdorff_distance(Mask const& prediction, Mask const& target,
                                 double percentile = 95) {
  if (prediction.shape() != target.shape())
    throw Error("prediction and target differ in size",
                shape_text(prediction.shape()) + " against " + shape_text(target.shape()),
                "give both as [H, W]");
  if (!(percentile >= 0 && percentile <= 100))
    throw Error("this is no percentile", std::to_string(percentile), "give 0 to 100");
  auto const empty = [](Mask const& mask) {
    return std::none_of(mask.begin(), mask.end(), [](auto level) { return level > 127; });
  };
  if (empty(prediction) || empty(target)) return std::numeric_limits<double>::quiet_NaN();
  // Nothing outside of the box around both objects is near any edge.
  Box const box = united(bounding_box(prediction), bounding_box(target));
  Mask const found = detail::edge_in_box(prediction, box),
             wanted = detail::edge_in_box(target, box);
  auto there = detail::distances_to(found, wanted), back = detail::distances_to(wanted, found);
  return static_cast<double>(
      std::max(detail::percentile_of(there, percentile), detail::percentile_of(back, percentile)));
}

}  // namespace vlsm
