// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

/// One 2D frame of numbers, row after row, as a medical file gives them: what the readers of
/// volume/ return. A float holds every whole number of up to 24 bits exactly; larger ones are
/// rounded.
struct Frame {
  std::size_t height = 0, width = 0;
  std::vector<float> values{};  ///< [H, W]
};

/// The smallest and the largest value of a frame.
struct FrameRange {
  float low = 0, high = 0;  ///< NaN aside; 0 where there is no other value
  bool whole = true;        ///< all are whole numbers; none is NaN or infinite
};

/// The range of a frame's values, by which a caller can decide how to make 8 bits of them.
inline FrameRange range_of(Frame const& frame) {
  FrameRange range;
  bool first = true;
  for (float value : frame.values) {
    range.whole &= std::isfinite(value) && value == std::floor(value);
    if (std::isnan(value)) continue;
    range.low = first ? value : std::min(range.low, value);
    range.high = first ? value : std::max(range.high, value);
    first = false;
  }
  return range;
}

/// The frame as gray levels or labels of 8 bits, [H, W]. Nothing is cut off or rounded: throws
/// Error, which names `where`, the value and its place, where one is not a whole number from 0 to
/// 255.
inline Mask gray_from_frame(Frame const& frame, std::string const& where) {
  Mask gray = Mask::from_shape({frame.height, frame.width});
  for (std::size_t i = 0; i < gray.size(); ++i) {
    float const value = frame.values[i];
    if (!(value >= 0 && value <= 255 && value == std::floor(value)))
      throw Error("the value " + strings::number_text(value, std::chars_format::general, 8) +
                      " in column " + std::to_string(i % frame.width) + ", row " +
                      std::to_string(i / frame.width) + " is no whole number from 0 to 255",
                  where, "scale the values to 8 bits first");
    gray.data()[i] = static_cast<std::uint8_t>(value);
  }
  return gray;
}

}  // namespace vlsm
