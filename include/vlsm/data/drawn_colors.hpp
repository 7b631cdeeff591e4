// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/area_colors.hpp"
#include "vlsm/data/mask_meaning.hpp"

namespace vlsm {

/// What the masks of a set were drawn in before JPEG blurred them.
class DrawnColors {
 public:
  /// `found` are all values of the set; `fills(count)` tells areas from edges.
  template <class Fills>
  DrawnColors(std::map<MaskValue, ValueCount> const& found, Fills const& fills) : found_(found) {
    int brightest = 0;
    for (auto const& [value, count] : found)
      for (int c = 0; c < 3; ++c) brightest = std::max(brightest, value.channel(c));
    wavers_ = std::min(26, brightest / 4);
    areas_ = area_colors(found, wavers_, fills);
  }

  /// How far the pixels of an area stray, in levels of a channel: less where all is dark.
  int wavers() const { return wavers_; }
  /// See area_colors.
  std::vector<CountedColor> const& areas() const { return areas_; }

  /// The background, and the colors of areas beside it; where there are none, of thin lines what is
  /// farthest from it.
  std::vector<MaskValue> beside(MaskValue background) const {
    std::vector<MaskValue> colors{background};
    for (auto const& [color, count] : areas_)
      if (!alike(color, background, wavers_)) colors.push_back(color);
    if (colors.size() > 1) return colors;
    MaskValue farthest = background;
    for (auto const& [value, count] : found_)
      if (apart(value, background) > apart(farthest, background)) farthest = value;
    if (!alike(farthest, background, wavers_)) colors.push_back(farthest);
    return colors;
  }

  /// Whether any pixel is nearly of this value, which is no mix of two of `colors`.
  bool has_thin(MaskValue wanted, std::vector<MaskValue> const& colors) const {
    return !mix_of(wanted, colors, 2 * wavers_) &&
           std::ranges::any_of(
               found_, [&](auto const& one) { return alike(one.first, wanted, wavers_ / 2); });
  }

 private:
  std::map<MaskValue, ValueCount> const& found_;
  int wavers_ = 0;
  std::vector<CountedColor> areas_;
};

/// Has `result`, a choice, take what of `drawn` is nearest to it. Throws Error, with `where`, for a
/// level that JPEG has blurred into the background.
inline void choose_nearest(MaskMeaning& result, DrawnColors const& drawn,
                           std::string const& where) {
  result.kind = MaskMeaning::Kind::nearest;
  std::vector<MaskValue> const colors = drawn.beside(result.background);
  if (result.choice.any) {
    result.others = {result.background};
    for (MaskValue const color : colors)
      if (color != result.background) result.objects.push_back(color);
    return;
  }
  MaskValue const wanted = result.choice.wanted(), area = colors[nearest(colors, wanted)];
  bool const exact = alike(area, wanted), ground = area == result.background;
  if (ground && !exact && alike(area, wanted, drawn.wavers() / 2))
    throw Error("a JPEG blurs " + wanted.text() + " into the background " + area.text(), where,
                "write masks as PNG");
  if (ground ? exact : alike(area, wanted, drawn.wavers() * 2 / 3))
    result.objects = {area};
  else if (drawn.has_thin(wanted, colors))
    result.objects = {wanted};
  for (MaskValue const color : colors)
    if (result.objects.empty() || color != result.objects[0]) result.others.push_back(color);
}

}  // namespace vlsm
