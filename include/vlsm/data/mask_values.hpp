// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "vlsm/data/mask_value.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

/// A mask file, pixel by pixel: which of its values stands where.
struct MaskValues {
  std::size_t height = 0, width = 0;
  std::vector<MaskValue> distinct{};
  std::vector<std::uint16_t> codes{};  ///< [height * width], indices into `distinct`
  int top = 255;                       ///< the largest gray level there can be
  bool lossy = false;                  ///< a JPEG: levels are blurred
  bool alpha = false;                  ///< levels are the opacity: the colors say nothing
};

namespace detail {

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

  /// Whether this channel is `value` everywhere.
  bool all(int channel, int value) const {
    for (std::size_t i = 0; i < size(); ++i)
      if ((*this)(i, channel) != value) return false;
    return true;
  }
  /// The largest sample of the first `channels`.
  int largest_of(int channels) const {
    int most = 0;
    for (std::size_t i = 0; i < size(); ++i)
      for (int c = 0; c < channels; ++c) most = std::max(most, (*this)(i, c));
    return most;
  }
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

/// What a mask's alpha channel says: nothing, where there is none or all is opaque; the mask, where
/// the colors are one; else where its colors hold.
enum class Alpha { opaque, mask, holes };

inline Alpha alpha_of(RawPicture const& picture) {
  Samples const samples(picture);
  int const alpha = picture.channels - 1;
  if (picture.channels % 2 != 0 || samples.all(alpha, samples.top())) return Alpha::opaque;
  for (int c = 0; c < alpha; ++c)
    if (!samples.all(c, samples(0, c))) return Alpha::holes;
  return Alpha::mask;
}

}  // namespace detail

/// The values of a mask's picture. Throws Error, with `where`, for one of thousands of colors:
/// that is a photograph.
inline MaskValues mask_values(RawPicture const& picture, std::string const& where) {
  detail::Samples const samples(picture);
  MaskValues values{.height = picture.height, .width = picture.width, .lossy = picture.lossy};
  values.codes.resize(samples.size());
  std::unordered_map<std::uint32_t, std::uint16_t> codes;
  // A value's code; `key` is another number for each value, `make` says what it is.
  auto const put = [&](std::size_t pixel, std::uint32_t key, auto const& make) {
    auto const [entry, fresh] = codes.try_emplace(key, static_cast<std::uint16_t>(codes.size()));
    if (fresh) values.distinct.push_back(make());
    values.codes[pixel] = entry->second;
    constexpr std::size_t most_colors = 4096;
    if (fresh && !values.distinct.back().is_gray() && values.distinct.size() > most_colors)
      throw Error("this mask has thousands of colors", where,
                  "give a mask, not a photograph: one value for each class");
  };
  auto const gray_levels = [&](auto const& level) {
    // By a table: most masks are this.
    std::vector<int> table(static_cast<std::size_t>(values.top) + 1, -1);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      auto const at = static_cast<std::size_t>(level(i));
      if (table[at] < 0) {
        table[at] = static_cast<int>(values.distinct.size());
        values.distinct.push_back(MaskValue::gray(static_cast<std::uint16_t>(at)));
      }
      values.codes[i] = static_cast<std::uint16_t>(table[at]);
    }
    return values;
  };

  if (!picture.palette.empty()) {
    bool const gray = std::ranges::all_of(picture.bytes, [&](std::uint8_t index) {
      auto const& c = picture.palette[index];
      return c[0] == c[1] && c[1] == c[2] && c[3] == 255;
    });
    for (std::size_t i = 0; i < samples.size(); ++i) {
      std::uint8_t const index = picture.bytes[i];
      auto const& c = picture.palette[index];
      put(i, index, [&] {
        MaskValue const value = gray         ? MaskValue::gray(c[0])
                                : c[3] < 128 ? MaskValue::color(0, 0, 0)
                                             : MaskValue::color(c[0], c[1], c[2]);
        return value.with_index(index);
      });
    }
    return values;
  }

  values.top = samples.top();
  bool const colored = picture.channels >= 3;
  int const alpha = picture.channels - 1;
  detail::Alpha const says = detail::alpha_of(picture);
  if (says == detail::Alpha::mask) {
    values.alpha = true;
    return gray_levels([&](std::size_t i) { return samples(i, alpha); });
  }
  auto const seen = [&](std::size_t i) {
    return says == detail::Alpha::opaque || samples(i, alpha) > samples.top() / 2;
  };
  // A JPEG's gray has a tint; the study reads its red channel.
  if (!colored || samples.gray(picture.lossy ? 48 : 0)) {
    // A gray of 1, 2 or 4 bits is stored as a share of white.
    int const scale = picture.bits < 8 ? 255 / ((1 << picture.bits) - 1) : 1;
    return gray_levels([&](std::size_t i) { return seen(i) ? samples(i, 0) * scale : 0; });
  }
  int const shift = picture.bits == 16 ? 8 : 0;
  values.top = 255;
  // Blurred colors are what is nearest of the eight full ones or, of a dark picture, of the eight
  // of half the light: class 1 of many palettes is 128,0,0.
  int const most = picture.lossy ? samples.largest_of(3) : 255;
  int const full = most < 192 ? 128 : 255, half = most < 192 ? most / 2 : 128;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::array<std::uint8_t, 3> rgb{};
    for (std::size_t c = 0; c < 3 && seen(i); ++c) {
      int const level = samples(i, static_cast<int>(c)) >> shift;
      rgb[c] = static_cast<std::uint8_t>(picture.lossy ? (level < half ? 0 : full) : level);
    }
    put(i, std::uint32_t{rgb[0]} << 16 | std::uint32_t{rgb[1]} << 8 | rgb[2],
        [&] { return MaskValue::color(rgb[0], rgb[1], rgb[2]); });
  }
  return values;
}

/// How often a value occurs, and how often it fills: a pixel like its neighbors to the right,
/// below and between them. Soft edges draw lines of their values, classes fill areas.
struct ValueCount {
  long long pixels = 0, filling = 0, files = 0;

  ValueCount& operator+=(ValueCount const& other) {
    pixels += other.pixels, filling += other.filling, files += other.files;
    return *this;
  }
};

/// The counts of `values.distinct`.
inline std::vector<ValueCount> count_values(MaskValues const& values) {
  std::vector<ValueCount> counts(values.distinct.size(), {.files = 1});
  for (std::size_t y = 0; y < values.height; ++y) {
    std::uint16_t const* const row = values.codes.data() + y * values.width;
    std::uint16_t const* const below = y + 1 < values.height ? row + values.width : row;
    for (std::size_t x = 0; x < values.width; ++x) {
      std::size_t const next = x + 1 < values.width ? x + 1 : x;
      ValueCount& count = counts[row[x]];
      ++count.pixels;
      count.filling += row[next] == row[x] && below[x] == row[x] && below[next] == row[x];
    }
  }
  return counts;
}

}  // namespace vlsm
