// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/volume/frame.hpp"

namespace vlsm {

/// The values of a file of frames that become black and white.
struct Window {
  float low = 0, high = 255;
};

/// The window of `frames` frames, which `frame(k)` gives from 0: 0 to 255 where all their numbers
/// are whole and within it; else such that 0.5 % of the numbers are black and 0.5 % white, told by
/// about 4 million of them from all frames. Throws Error, which names `where`, for frames without a
/// number.
template <class FrameAt>
Window window_of(std::size_t frames, FrameAt const& frame, std::string const& where) {
  constexpr std::size_t most = 1u << 22;
  std::vector<float> values;
  bool plain = true;
  std::size_t next = 0;  // of the numbers that are looked at, from this frame's first one
  for (std::size_t k = 0; k < frames; ++k) {
    Frame const one = frame(k);
    FrameRange const range = range_of(one);
    plain &= range.whole && range.low >= 0 && range.high <= 255;
    // Steps that go with the width would see a few columns alone.
    std::size_t step = std::max<std::size_t>(1, frames * one.values.size() / most);
    while (std::gcd(step, one.width) > 1) ++step;
    for (; next < one.values.size(); next += step)
      if (std::isfinite(one.values[next])) values.push_back(one.values[next]);
    next -= one.values.size();
  }
  if (plain) return {};
  if (values.empty()) throw Error("the file holds no numbers", where, "fetch it again");
  auto const at = [&](double share) {
    auto const place = values.begin() +
                       static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
  };
  float const low = at(0.005);
  return {low, at(0.995)};
}

/// A frame as gray levels of 8 bits, [H, W]; NaN is black.
inline Mask levels_of(Frame const& frame, Window window) {
  Mask gray = Mask::from_shape({frame.height, frame.width});
  for (std::size_t i = 0; i < gray.size(); ++i) {
    float const share = (frame.values[i] - window.low) / std::max(window.high - window.low, 1e-30f);
    gray.data()[i] =
        share >= 0 ? static_cast<std::uint8_t>(std::lround(255 * std::min(share, 1.0f))) : 0;
  }
  return gray;
}

}  // namespace vlsm
