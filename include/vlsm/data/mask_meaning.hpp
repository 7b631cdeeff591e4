// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vlsm/data/area_colors.hpp"
#include "vlsm/data/mask_values.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

/// Which of a set's values are the object.
struct MaskMeaning {
  enum class Kind {
    soft,       ///< gray from 0 to `top`: the level is the share of the object
    threshold,  ///< gray above `level` is the object
    chosen,     ///< `choice` says what is
    nearest,    ///< a value nearer to `objects` than to `others` is
  };
  Kind kind = Kind::soft;
  int top = 255, level = 0;
  MaskChoice choice{};
  MaskValue background = MaskValue::gray(0);
  std::vector<MaskValue> objects{}, others{};
  std::string notice{};  ///< what was taken for the object; empty for masks of 0 and 255

  /// What a value is in a target: 0 background, 255 the object.
  std::uint8_t operator()(MaskValue value) const {
    bool inside = false;
    switch (kind) {
      case Kind::soft:
        return static_cast<std::uint8_t>(std::min(value.level(), top) * 255 / top);
      case Kind::threshold:
        inside = value.level() > level;
        break;
      case Kind::chosen:
        inside = choice.takes(value, background);
        break;
      case Kind::nearest:
        inside = choice.by_index(value) ? choice.takes(value, background)
                                        : nearest(colors(), value) >= others.size();
        break;
    }
    return inside ? 255 : 0;
  }

  /// A target of 0 to 255, [H, W].
  Mask apply(MaskValues const& values) const {
    Mask mask = Mask::from_shape({values.height, values.width});
    if (kind == Kind::nearest && values.lossy) {
      std::vector<MaskValue> const all = colors();
      NearestColors const places(values, all);
      for (std::size_t y = 0; y < values.height; ++y)
        for (std::size_t x = 0; x < values.width; ++x)
          mask(y, x) = places(y, x) >= others.size() ? 255 : 0;
      return mask;
    }
    std::vector<std::uint8_t> table;
    for (MaskValue const value : values.distinct) table.push_back((*this)(value));
    for (std::size_t i = 0; i < mask.size(); ++i) mask.data()[i] = table[values.codes[i]];
    return mask;
  }

 private:
  /// `others`, then `objects`: a value between two is of the background.
  std::vector<MaskValue> colors() const {
    std::vector<MaskValue> all = others;
    all.insert(all.end(), objects.begin(), objects.end());
    return all;
  }
};

}  // namespace vlsm
