// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
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

namespace detail {

/// Regions while they are found, which may turn out to be parts of one.
class RegionParts {
 public:
  /// Adds a part without pixels whose first one will be there.
  void begin(std::int64_t column, std::int64_t row) {
    parent_.push_back(parts_.size());
    parts_.push_back({.box = {column, row, column, row}});
  }
  std::size_t size() const { return parts_.size(); }
  Region& operator[](std::size_t part) { return parts_[part]; }

  /// The oldest of the parts that are joined with this one.
  std::size_t oldest(std::size_t part) {
    while (parent_[part] != part) part = parent_[part] = parent_[parent_[part]];
    return part;
  }
  void join(std::size_t a, std::size_t b) {
    auto const [older, younger] = std::minmax({oldest(a), oldest(b)});
    parent_[younger] = older;
  }

  /// The regions, in the order of their oldest parts.
  std::vector<Region> joined() {
    std::vector<Region> regions;
    std::vector<std::size_t> place(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parent_[i] == i) {
        place[i] = regions.size();
        regions.push_back(parts_[i]);
      } else {
        regions[place[oldest(i)]].add(parts_[i]);  // the older one, so it is there already
      }
    }
    return regions;
  }

 private:
  std::vector<Region> parts_;
  std::vector<std::size_t> parent_;
};

}  // namespace detail

/// The regions of the pixels from 128 on of a mask [H, W], in the order of their first pixels, row
/// by row. One pass over the runs of each row, which join the regions of the runs that they touch
/// above.
inline std::vector<Region> find_regions(Mask const& levels, Neighbors neighbors = Neighbors::four) {
  struct Run {
    std::size_t first, end, part;
  };
  std::size_t const height = levels.shape(0), width = levels.shape(1);
  std::size_t const reach = neighbors == Neighbors::eight ? 1 : 0;
  auto const row_cuts = thirds(height), column_cuts = thirds(width);
  detail::RegionParts parts;
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
      Run run{x, x, parts.size()};
      while (run.end < width && row[run.end] >= 128) ++run.end;
      while (upper != above.end() && upper->end + reach <= run.first) ++upper;
      for (auto one = upper; one != above.end() && one->first < run.end + reach; ++one) {
        if (run.part < parts.size()) parts.join(run.part, one->part);
        run.part = parts.oldest(one->part);
      }
      if (run.part == parts.size())
        parts.begin(static_cast<std::int64_t>(x), static_cast<std::int64_t>(y));
      Region& region = parts[run.part];
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
  return parts.joined();
}

}  // namespace vlsm
