// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/prompts/regions.hpp"

// Number, size, position and bounding box of a mask's objects, by the rules that made the published
// prompts of the study (Poudel et al., MIDL 2024).
namespace vlsm {

/// What is known of one row beside its pixels, in the words of a prompt: "size" -> "small, medium".
using Attributes = std::map<std::string, std::string, std::less<>>;

/// A number from 0 to 999 in words, as the study writes numbers and ages: "seven", "twenty-one",
/// "one hundred and four". Larger ones in digits.
inline std::string cardinal(std::size_t number) {
  constexpr std::string_view small[] = {"zero",    "one",     "two",       "three",    "four",
                                        "five",    "six",     "seven",     "eight",    "nine",
                                        "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::string_view tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                       "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (number > 999) return std::to_string(number);
  if (number >= 100) {
    std::string const hundreds = std::string(small[number / 100]) + " hundred";
    return number % 100 == 0 ? hundreds : hundreds + " and " + cardinal(number % 100);
  }
  if (number < 20) return std::string(small[number]);
  std::string const word(tens[number / 10]);
  return number % 10 == 0 ? word : word + "-" + std::string(small[number % 10]);
}

/// How an object's column is found where no cell of the 3 x 3 grid holds it.
enum class PositionRule {
  study,      ///< by thirds of the height, a slip that makes "right" frequent in wide pictures
  corrected,  ///< by thirds of the width
};

/// The size of one region as a word, by its pixels of 255; empty where they are 0.01 % of the mask
/// or less. `pixels` is how many the mask has.
constexpr std::string_view size_word(Region const& region, std::size_t pixels) {
  double const coverage = static_cast<double>(region.full) / static_cast<double>(pixels);
  if (coverage > 0.30) return "large";
  if (coverage > 0.08) return "medium";
  if (coverage <= 0.0001) return "";
  return coverage < 0.001 ? "tiny" : "small";
}

/// The nine positions, row by row.
inline constexpr std::array<std::string_view, 9> position_words{
    "top left", "top",         "top right", "left",        "center",
    "right",    "bottom left", "bottom",    "bottom right"};

/// Where one region of a mask [height, width] lies, by its pixels of 255: the cell that holds all
/// of them, or the only cell that holds a tenth of them or more; else the cell of its box's center.
/// A region without such pixels is "top left", where a division by zero put it in the study.
inline std::string_view position_word(Region const& region, std::size_t height, std::size_t width,
                                      PositionRule rule = PositionRule::study) {
  if (region.full == 0) return position_words[0];
  std::size_t held = 0, tenths = 0, cell = 0, tenth = 0;
  for (std::size_t c = 0; c < 9; ++c) {
    if (region.cells[c] == 0) continue;
    ++held, cell = c;
    if (static_cast<double>(region.cells[c]) / static_cast<double>(region.full) >= 0.10)
      ++tenths, tenth = c;
  }
  if (held == 1) return position_words[cell];
  if (tenths == 1) return position_words[tenth];
  auto const center = [](std::int64_t low, std::int64_t high) {
    return static_cast<double>(std::max(low - 1, std::int64_t{0}) + high + 1) / 2;
  };
  auto const third = [](double at, std::size_t side) -> std::size_t {
    auto const whole = static_cast<double>(side);
    return at < whole / 3 ? 0 : at > 2 * whole / 3 ? 2 : 1;
  };
  std::size_t const row = third(center(region.box.y0, region.box.y1), height);
  std::size_t const column =
      third(center(region.box.x0, region.box.x1), rule == PositionRule::study ? height : width);
  return position_words[row * 3 + column];
}

/// The box of all objects of a mask [H, W] as the study's annotations have it: a pixel beyond the
/// objects on each side, but not below 0. Where (x1 - x0)(y1 - y0) of an object's widened box is 4
/// or less (single pixels, slivers at the mask's border), it does not count unless its outline
/// touches another object's. Without any object [W, H, 0, 0]. `regions` are the mask's, by
/// find_regions.
inline Box study_box(Mask const& levels, std::vector<Region> const& regions) {
  std::size_t const height = levels.shape(0), width = levels.shape(1);
  Box box{static_cast<std::int64_t>(width), static_cast<std::int64_t>(height), 0, 0};
  auto const counts = [](Box const& part) { return (part.x1 - part.x0) * (part.y1 - part.y0) > 4; };
  bool specks = false;
  for (Region const& region : regions) {
    auto const& [x0, y0, x1, y1] = region.box;
    Box const part{std::max(x0 - 1, std::int64_t{0}), std::max(y0 - 1, std::int64_t{0}), x1 + 1,
                   y1 + 1};
    if (counts(part))
      box = united(box, part);
    else
      specks = true;
  }
  if (!specks) return box;
  // The outline: pixels whose right or lower neighbor is object where they are not, or the reverse.
  Mask outline = Mask::from_shape({height, width});
  auto const differ = [&](std::size_t y, std::size_t x, std::size_t step) {
    std::uint8_t const* const pixel = levels.data() + y * width + x;
    return (pixel[0] >= 128) != (pixel[step] >= 128);
  };
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x)
      outline.data()[y * width + x] =
          (x + 1 < width && differ(y, x, 1)) || (y + 1 < height && differ(y, x, width)) ? 255 : 0;
  for (Region const& region : find_regions(outline, Neighbors::eight)) {
    auto const& [x0, y0, x1, y1] = region.box;
    if (Box const part{x0, y0, x1 + 1, y1 + 1}; counts(part)) box = united(box, part);
  }
  return box;
}

/// What a mask says of its objects.
struct MaskAttributes {
  std::size_t number = 0;  ///< how many objects
  std::string size;        ///< the distinct sizes from tiny to large, "small, medium"
  std::string position;    ///< of each object, in the order of their first pixels: "top, top, left"
  Box box;                 ///< as study_box
  std::vector<Region> regions;  ///< the objects, in the order of their first pixels

  /// number, size and position in a prompt's words; nothing of a mask without objects.
  Attributes words() const {
    if (number == 0) return {};
    return {{"number", cardinal(number)}, {"size", size}, {"position", position}};
  }
};

/// Whether an attribute is of an object, so that a mask without any has none, whatever a file says.
constexpr bool describes_object(std::string_view attribute) {
  constexpr std::array<std::string_view, 5> names{"number", "size", "position", "shape", "color"};
  return std::ranges::find(names, attribute) != names.end();
}

/// The attributes of a mask [H, W]. Objects are the regions of pixels from 128 on; size and
/// position are those of their pixels of 255, so the soft rims of a JPEG are left out.
inline MaskAttributes mask_attributes(Mask const& levels, PositionRule rule = PositionRule::study) {
  std::size_t const height = levels.shape(0), width = levels.shape(1);
  auto regions = find_regions(levels);
  MaskAttributes result{.number = regions.size(),
                        .size = {},
                        .position = {},
                        .box = study_box(levels, regions),
                        .regions = std::move(regions)};
  std::vector<std::string_view> sizes, positions;
  for (std::string_view const word : {"tiny", "small", "medium", "large"})
    if (std::ranges::any_of(result.regions, [&](Region const& region) {
          return size_word(region, height * width) == word;
        }))
      sizes.push_back(word);
  for (Region const& region : result.regions)
    positions.push_back(position_word(region, height, width, rule));
  result.size = strings::joined(sizes);
  result.position = strings::joined(positions);
  return result;
}

}  // namespace vlsm
