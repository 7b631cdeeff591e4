// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "vlsm/data/mask_values.hpp"

// JPEG blurs what a mask was drawn with: areas waver about their color, and edges hold mixes of
// their sides. So its values are those of its areas, and each pixel is of the one it is nearest to.
namespace vlsm {

/// The square of the distance of two values in red, green and blue.
constexpr int apart(MaskValue one, MaskValue other) {
  int sum = 0;
  for (int c = 0; c < 3; ++c)
    sum += (one.channel(c) - other.channel(c)) * (one.channel(c) - other.channel(c));
  return sum;
}

/// The place of the value that is nearest to `value`; the first one of several.
inline std::size_t nearest(std::vector<MaskValue> const& values, MaskValue value) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    if (apart(values[i], value) < apart(values[best], value)) best = i;
  return best;
}

/// The place of the nearer of the two values that `value` is a mix of: no more than `off` from the
/// line between them. Nothing where it is no mix of any two.
inline std::optional<std::size_t> mix_of(MaskValue value, std::vector<MaskValue> const& values,
                                         double off) {
  std::optional<std::size_t> found;
  double least = off * off;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double const to_one = apart(value, values[i]), to_other = apart(value, values[j]),
                   length = apart(values[i], values[j]), along = (to_one - to_other + length) / 2;
      double const distance = to_one - (length > 0 ? along * along / length : 0);
      if (along < 0 || along > length || distance > least) continue;
      least = distance;
      found = to_one < to_other ? i : j;
    }
  return found;
}

/// A color, and how often there is what belongs to it.
using CountedColor = std::pair<MaskValue, ValueCount>;

/// The values that the areas of a set waver about, the largest area first, then those of thin
/// things, with what belongs to each. `found` are all values of the set, `wavers` is how far, in
/// levels of a channel, most of an area's pixels stray, and `fills(count)` tells areas from edges.
/// What is much smaller than an area and near its color is its noise, where it is thin or less than
/// half a percent of all pixels; a thin thing is of no mix of two others, and more than a few
/// pixels.
template <class Found, class Fills>
std::vector<CountedColor> area_colors(Found const& found, int wavers, Fills const& fills) {
  constexpr double least_share = 0.003, least_area = 0.005;
  constexpr long long much = 10;
  std::vector<CountedColor> sorted(found.begin(), found.end()), groups, colors;
  std::ranges::stable_sort(
      sorted, [](auto const& a, auto const& b) { return a.second.filling > b.second.filling; });
  long long pixels = 0;
  for (CountedColor const& one : sorted) {
    auto const same = std::ranges::find_if(
        groups, [&](CountedColor const& group) { return alike(group.first, one.first, wavers); });
    if (same != groups.end())
      same->second += one.second;
    else
      groups.push_back(one);
    pixels += one.second.pixels;
  }
  std::vector<MaskValue> values;
  auto const noise = [&](CountedColor const& group) {
    return std::ranges::any_of(colors, [&](CountedColor const& color) {
      return alike(color.first, group.first, 2 * wavers) &&
             color.second.pixels > much * group.second.pixels;
    });
  };
  auto const add = [&](CountedColor const& group) {
    colors.push_back(group);
    values.push_back(group.first);
  };
  auto const share = [&](CountedColor const& group) {
    return static_cast<double>(group.second.pixels) / static_cast<double>(pixels);
  };
  for (CountedColor const& group : groups)
    if (fills(group.second) && (share(group) >= least_area || !noise(group))) add(group);
  for (CountedColor const& group : groups)
    if (!fills(group.second) && share(group) > least_share && !noise(group) &&
        !mix_of(group.first, values, 3 * wavers))
      add(group);
  return colors;
}

/// Whose pixels a picture's are, by the colors of the areas of its set. A pixel like its neighbors
/// is of the nearest color. Others are edges: a mix of two colors in reach is of the nearer of the
/// two, though it may look like a third; what is no mix is thin, and of the nearest of all.
class NearestColors {
 public:
  NearestColors(MaskValues const& values, std::vector<MaskValue> const& colors)
      : values_(values), colors_(colors) {
    for (MaskValue const value : values.distinct) nearest_.push_back(nearest(colors, value));
    find_flat();
  }

  /// The place in the colors of pixel (y, x).
  std::size_t operator()(std::size_t y, std::size_t x) const {
    std::size_t const pixel = y * values_.width + x;
    std::uint16_t const code = values_.codes[pixel];
    if (flat_[pixel] || colors_.size() < 3) return nearest_[code];
    constexpr std::size_t reach = 3;
    std::vector<std::size_t> places;  // of the colors of flat pixels in reach
    std::vector<MaskValue> near;
    for (std::size_t row = y - std::min(y, reach); row < std::min(values_.height, y + reach + 1);
         ++row)
      for (std::size_t column = x - std::min(x, reach);
           column < std::min(values_.width, x + reach + 1); ++column) {
        std::size_t const other = row * values_.width + column,
                          place = nearest_[values_.codes[other]];
        if (!flat_[other] || std::ranges::find(places, place) != places.end()) continue;
        places.push_back(place);
        near.push_back(colors_[place]);
      }
    constexpr double off = 72;  // luma and chroma are blurred apart
    auto const found = mix_of(values_.distinct[code], near, off);
    return found ? places[*found] : nearest_[code];
  }

 private:
  /// Marks the pixels of all squares of two by two whose values are alike.
  void find_flat() {
    flat_.resize(values_.codes.size());
    std::size_t const width = values_.width;
    for (std::size_t y = 0; y + 1 < values_.height; ++y)
      for (std::size_t x = 0; x + 1 < width; ++x) {
        std::size_t const at = y * width + x;
        if (like_neighbors(values_, y, x, jpeg_noise))
          for (std::size_t const pixel : {at, at + 1, at + width, at + width + 1}) flat_[pixel] = 1;
      }
  }

  MaskValues const& values_;
  std::vector<MaskValue> const& colors_;
  std::vector<std::size_t> nearest_;  // by code
  std::vector<std::uint8_t> flat_;    // by pixel
};

}  // namespace vlsm
