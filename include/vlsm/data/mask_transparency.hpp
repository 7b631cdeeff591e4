// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "vlsm/data/mask_value.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// The samples of a picture, whatever their width.
class Samples {
 public:
  explicit Samples(RawPicture const& picture) : picture_(picture) {}
  int operator()(std::size_t pixel, int channel) const {
    std::size_t const i =
        pixel * static_cast<std::size_t>(picture_.channels) + static_cast<std::size_t>(channel);
    return picture_.bits == 16 ? picture_.words[i] : picture_.bytes[i];
  }
  std::size_t size() const { return picture_.height * picture_.width; }
  int top() const { return picture_.bits == 16 ? 65535 : 255; }

  /// Whether red, green and blue are never more than `apart` levels from each other.
  bool gray(int apart) const {
    for (std::size_t i = 0; i < size(); ++i)
      if (std::abs((*this)(i, 0) - (*this)(i, 1)) > apart ||
          std::abs((*this)(i, 0) - (*this)(i, 2)) > apart)
        return false;
    return true;
  }

 private:
  RawPicture const& picture_;
};

/// What the transparency of a mask says, be it a channel or a palette's: nothing, where there is
/// none or all is opaque; the mask, where the colors are one; else where its colors hold: where the
/// opacity is above half of the color's own largest, for a layer of 40 % is a mask, too, and above
/// an eighth of the file's.
class Transparency {
 public:
  enum class Says { nothing, mask, holes };

  explicit Transparency(RawPicture const& picture) : picture_(picture) {
    if (picture.palette.empty() && picture.channels % 2 != 0) return;
    std::size_t const count = picture.height * picture.width;
    bool opaque = true, one_color = true;
    for (std::size_t i = 0; i < count; ++i) {
      int const level = opacity(i);
      opaque &= level == top();
      one_color = one_color && color(i) == color(0);
    }
    says_ = opaque ? Says::nothing : one_color ? Says::mask : Says::holes;
    if (says_ != Says::holes) return;
    for (std::size_t i = 0; i < count; ++i) {
      int& most = most_of_[bin(i)];
      most = std::max(most, opacity(i));
    }
    most_ = std::ranges::max(most_of_);
  }

  Says says() const { return says_; }
  int top() const { return Samples(picture_).top(); }
  /// 0 to top(), of a picture with a palette or an even number of channels.
  int opacity(std::size_t pixel) const {
    return picture_.palette.empty() ? Samples(picture_)(pixel, picture_.channels - 1)
                                    : picture_.palette[picture_.bytes[pixel]][3];
  }
  /// Whether a pixel's color holds.
  bool seen(std::size_t pixel) const {
    return says_ != Says::holes || opacity(pixel) > std::max(most_of_[bin(pixel)] / 2, most_ / 8);
  }
  /// The color that is the same everywhere where opacity is the mask.
  MaskValue paint() const {
    auto const [r, g, b] = color(0);
    auto const byte = [&](int level) {
      return static_cast<std::uint8_t>(top() > 255 ? level >> 8 : level);
    };
    return MaskValue::color(byte(r), byte(g), byte(b));
  }

 private:
  std::array<int, 3> color(std::size_t pixel) const {
    std::array<int, 3> color{};
    for (std::size_t c = 0; c < 3; ++c)
      if (!picture_.palette.empty())
        color[c] = picture_.palette[picture_.bytes[pixel]][c];
      else
        color[c] = Samples(picture_)(pixel, picture_.channels > 2 ? static_cast<int>(c) : 0);
    return color;
  }

  /// Of a color that is the same but for the rounding of what is nearly transparent.
  std::size_t bin(std::size_t pixel) const {
    std::size_t place = 0;
    for (int const level : color(pixel))
      place = place * 16 + static_cast<std::size_t>(level / ((top() + 1) / 16));
    return place;
  }

  RawPicture const& picture_;
  Says says_ = Says::nothing;
  std::vector<int> most_of_ = std::vector<int>(16 * 16 * 16);  // largest opacity, by bin
  int most_ = 0;
};

}  // namespace vlsm::detail
