// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/mask_transparency.hpp"
#include "vlsm/data/mask_value.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm {

/// A mask file, pixel by pixel: which of its values stands where.
struct MaskValues {
  std::size_t height = 0, width = 0;
  std::vector<MaskValue> distinct{};
  std::vector<std::uint16_t> codes{};  ///< [height * width], indices into `distinct`
  int top = 255;                       ///< the largest gray level there can be
  bool lossy = false;                  ///< a JPEG: levels are blurred
  bool blurred = false;  ///< a JPEG's colors, each as the nearest of 32 levels a channel
  bool opaque = false;   ///< has an opacity, which is full everywhere
  MaskValue paint = MaskValue::gray(0);  ///< the one color of a mask that is drawn in its opacity
  bool alpha = false;                    ///< levels are the opacity: the colors say nothing
};

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
    if (fresh && !values.blurred && !values.distinct.back().is_gray() &&
        values.distinct.size() > most_colors)
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

  detail::Transparency const transparency(picture);
  if (transparency.says() == detail::Transparency::Says::mask) {
    values.top = transparency.top();
    values.alpha = true;
    values.paint = transparency.paint();
    return gray_levels([&](std::size_t i) { return transparency.opacity(i); });
  }
  values.opaque = picture.palette.empty() && picture.channels % 2 == 0 &&
                  transparency.says() == detail::Transparency::Says::nothing;
  auto const seen = [&](std::size_t i) { return transparency.seen(i); };

  if (!picture.palette.empty()) {
    bool const gray = std::ranges::all_of(picture.bytes, [&](std::uint8_t index) {
      auto const& c = picture.palette[index];
      return c[0] == c[1] && c[1] == c[2] && c[3] == 255;
    });
    for (std::size_t i = 0; i < samples.size(); ++i) {
      std::uint8_t const index = picture.bytes[i];
      auto const& c = picture.palette[index];
      put(i, index, [&] {
        MaskValue const value = gray      ? MaskValue::gray(c[0])
                                : seen(i) ? MaskValue::color(c[0], c[1], c[2])
                                          : MaskValue::color(0, 0, 0);
        return value.with_index(index);
      });
    }
    return values;
  }

  values.top = samples.top();
  // A JPEG's gray may have a tint; the study reads its red channel.
  if (picture.channels < 3 || samples.gray(picture.lossy ? 12 : 0)) {
    // A gray of 1, 2 or 4 bits is stored as a share of white.
    int const scale = picture.bits < 8 ? 255 / ((1 << picture.bits) - 1) : 1;
    return gray_levels([&](std::size_t i) { return seen(i) ? samples(i, 0) * scale : 0; });
  }
  values.top = 255;
  values.blurred = picture.lossy;
  int const shift = picture.bits == 16 ? 8 : 0;
  auto const rounded = [](int level) { return (level * 31 + 127) / 255 * 255 / 31; };
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::array<std::uint8_t, 3> rgb{};
    for (std::size_t c = 0; c < 3 && seen(i); ++c) {
      int const level = samples(i, static_cast<int>(c)) >> shift;
      rgb[c] = static_cast<std::uint8_t>(values.blurred ? rounded(level) : level);
    }
    put(i, std::uint32_t{rgb[0]} << 16 | std::uint32_t{rgb[1]} << 8 | rgb[2],
        [&] { return MaskValue::color(rgb[0], rgb[1], rgb[2]); });
  }
  return values;
}

/// How often a value occurs, and how often it fills: a pixel like_neighbors. Soft edges draw lines
/// of their values, classes fill areas.
struct ValueCount {
  long long pixels = 0, filling = 0;

  ValueCount& operator+=(ValueCount const& other) {
    pixels += other.pixels, filling += other.filling;
    return *this;
  }
};

/// Whether a pixel is like its neighbors to the right, below and between them, as far as there are
/// any: no gray level or channel is more than `tolerance` apart.
inline bool like_neighbors(MaskValues const& values, std::size_t y, std::size_t x, int tolerance) {
  std::size_t const right = x + 1 < values.width ? 1 : 0,
                    below = y + 1 < values.height ? values.width : 0, at = y * values.width + x;
  std::uint16_t const *const codes = values.codes.data() + at, code = *codes;
  auto const like = [&](std::size_t next) {
    return alike(values.distinct[codes[next]], values.distinct[code], tolerance);
  };
  bool const same = codes[right] == code && codes[below] == code && codes[below + right] == code;
  return same || (tolerance > 0 && like(right) && like(below) && like(below + right));
}

/// How far pixels of one area are apart in a JPEG, in levels of a channel: one of its 32.
inline constexpr int jpeg_noise = 9;

/// The counts of `values.distinct`.
inline std::vector<ValueCount> count_values(MaskValues const& values) {
  std::vector<ValueCount> counts(values.distinct.size());
  for (std::size_t y = 0; y < values.height; ++y)
    for (std::size_t x = 0; x < values.width; ++x) {
      ValueCount& count = counts[values.codes[y * values.width + x]];
      ++count.pixels;
      count.filling += like_neighbors(values, y, x, values.blurred ? jpeg_noise : 0);
    }
  return counts;
}

}  // namespace vlsm
