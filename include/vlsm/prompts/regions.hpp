// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "vlsm/image/box.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

/// A connected region of a mask.
struct Region {
  Box box{};             ///< the smallest that holds its pixels
  std::size_t area = 0;  ///< pixels from 128 on
  std::size_t full = 0;  ///< pixels of exactly 255
  /// `full`, by the thirds of the mask: top left, top, top right, left, … to bottom right.
  std::array<std::size_t, 9> cells{};

  /// Takes another part of the same region in.
  void add(Region const& part) {
    box = united(box, part.box);
    area += part.area;
    full += part.full;
    for (std::size_t c = 0; c < cells.size(); ++c) cells[c] += part.cells[c];
  }
};

/// Which pixels are neighbors.
enum class Neighbors {
  four,   ///< those that share a side
  eight,  ///< those that share a side or a corner
};

/// Where the second and the last third of a side begin.
constexpr std::array<std::size_t, 2> thirds(std::size_t side) { return {side / 3, 2 * side / 3}; }

/// The regions of the pixels from 128 on of a mask [H, W], in the order of their first pixels, row
/// by row. Time and memory grow with the number of pixels, whatever the regions' shapes.
inline std::vector<Region> find_regions(Mask const& levels, Neighbors neighbors = Neighbors::four) {
  struct Run {
    std::size_t first, end, region;
  };
  std::size_t const height = levels.shape(0), width = levels.shape(1);
  std::size_t const reach = neighbors == Neighbors::eight ? 1 : 0;
  auto const row_cuts = thirds(height), column_cuts = thirds(width);
  std::vector<Region> regions;
  // Runs of a row are regions of their own until they touch one of the row above. Regions that a
  // run joins form a tree, whose root is the oldest of them.
  std::vector<std::size_t> parent;
  auto const root = [&](std::size_t region) {
    while (parent[region] != region) region = parent[region] = parent[parent[region]];
    return region;
  };
  std::vector<Run> above, here;
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t const* const row = levels.data() + y * width;
    std::size_t const band = (y >= row_cuts[0]) + (y >= row_cuts[1]);
    here.clear();
    auto upper = above.begin();
    for (std::size_t x = 0; x < width;) {
      if (row[x] < 128) {
        ++x;
        continue;
      }
      Run run{x, x, regions.size()};
      while (run.end < width && row[run.end] >= 128) ++run.end;
      while (upper != above.end() && upper->end + reach <= run.first) ++upper;
      for (auto one = upper; one != above.end() && one->first < run.end + reach; ++one) {
        std::size_t const other = root(one->region);
        if (run.region < regions.size()) {
          auto const [older, younger] = std::minmax({root(run.region), other});
          parent[younger] = older;
        }
        run.region = root(other);
      }
      if (run.region == regions.size()) {
        parent.push_back(run.region);
        auto const column = static_cast<std::int64_t>(x), line = static_cast<std::int64_t>(y);
        regions.push_back({.box = {column, line, column, line}});
      }
      Region& region = regions[run.region];
      region.box.x0 = std::min(region.box.x0, static_cast<std::int64_t>(run.first));
      region.box.x1 = std::max(region.box.x1, static_cast<std::int64_t>(run.end) - 1);
      region.box.y1 = static_cast<std::int64_t>(y);
      region.area += run.end - run.first;
      for (; x < run.end; ++x)
        if (row[x] == 255) {
          ++region.full;
          ++region.cells[band * 3 + (x >= column_cuts[0]) + (x >= column_cuts[1])];
        }
      here.push_back(run);
    }
    std::swap(above, here);
  }

  std::vector<Region> roots;
  std::vector<std::size_t> place(regions.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (parent[i] == i) {
      place[i] = roots.size();
      roots.push_back(regions[i]);
      continue;
    }
    Region& whole = roots[place[root(i)]];  // the older one, so it is there already
    Region const& part = regions[i];
    whole.add(part);
  }
  return roots;
}

}  // namespace vlsm
