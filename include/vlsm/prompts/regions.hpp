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
  Box box{};             ///< of its pixels, all four ends inside
  std::size_t area = 0;  ///< pixels from 128 on
  std::size_t full = 0;  ///< pixels of exactly 255
  /// `full`, by the thirds of the mask: top left, top, top right, left, … to bottom right.
  std::array<std::size_t, 9> cells{};
};

/// Which pixels are neighbors.
enum class Neighbors {
  four,   ///< those that share a side
  eight,  ///< those that share a corner, too
};

/// Where the thirds of a side begin: the second and the last.
constexpr std::array<std::size_t, 2> thirds(std::size_t side) { return {side / 3, 2 * side / 3}; }

/// The regions of a mask's pixels from 128 on, [H, W], in the order of their first pixels, row by
/// row. One pass over the runs of each row, whose regions are joined where runs touch.
inline std::vector<Region> find_regions(Mask const& levels, Neighbors neighbors = Neighbors::four) {
  struct Run {
    std::size_t first, end, region;
  };
  std::size_t const height = levels.shape(0), width = levels.shape(1);
  std::size_t const reach = neighbors == Neighbors::eight ? 1 : 0;
  auto const row_cuts = thirds(height), column_cuts = thirds(width);
  std::vector<Region> regions;
  std::vector<std::size_t> parent;  // of regions that were joined; the older one is the root
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
    whole.box = {std::min(whole.box.x0, part.box.x0), std::min(whole.box.y0, part.box.y0),
                 std::max(whole.box.x1, part.box.x1), std::max(whole.box.y1, part.box.y1)};
    whole.area += part.area;
    whole.full += part.full;
    for (std::size_t c = 0; c < 9; ++c) whole.cells[c] += part.cells[c];
  }
  return roots;
}

}  // namespace vlsm
