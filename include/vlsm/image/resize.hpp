// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "vlsm/image/filter_taps.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/image/pair_sums.hpp"

namespace vlsm {

namespace detail {

/// The levels of one output pixel from the pixels at `source`, of which a byte more than are asked
/// for are read.
inline std::uint32_t resized_pixel(std::uint8_t const* source, WeightPair const* begin,
                                   WeightPair const* end) {
  WeightedSums sums;
  for (WeightPair const* weights = begin; weights != end; ++weights, source += 6) {
    std::uint32_t left, right;  // red, green, blue, and a byte of the next
    std::memcpy(&left, source, 4), std::memcpy(&right, source + 3, 4);
    Levels16 const both = first_interleaved(std::bit_cast<Levels16>(Sums4{left}),
                                            std::bit_cast<Levels16>(Sums4{right}));
    sums.add(first_words(both), *weights);
  }
  Ints4 const pixel = sums.rounded();
  return std::bit_cast<Sums4>(to_levels({pixel, pixel, pixel, pixel}))[0];
}

inline Image resize_across(Filter filter, Image const& image, std::size_t width) {
  std::size_t const rows = image.shape(0), columns = image.shape(1);
  FilterTaps const filters = filter_taps(filter, columns, width);
  Image result = Image::from_shape({rows, width, 3});
  std::uint8_t* out = result.data();
  // A row with room behind it: a pair may end one pixel after it, and is read with the next byte.
  std::vector<std::uint8_t> row(3 * columns + 4);
  for (std::size_t y = 0; y < rows; ++y) {
    std::copy_n(image.data() + y * columns * 3, columns * 3, row.data());
    for (std::size_t x = 0; x < width; ++x, out += 3) {
      Taps1d const& tap = filters.taps[x];
      std::uint32_t const pixel =
          resized_pixel(row.data() + 3 * tap.first, filters.pairs.data() + tap.begin,
                        filters.pairs.data() + tap.end);
      std::memcpy(out, &pixel, x + 1 < width ? 4 : 3);  // the next pixel replaces the fourth byte
    }
  }
  return result;
}

/// Sixteen levels of a row from those below each other, which `load(row)` gives, the tap's first
/// row being 0.
template <class Load>
Levels16 resized_levels(Taps1d const& tap, FilterTaps const& filters, Load const& load) {
  std::array<WeightedSums, 4> sums;
  for (std::size_t k = tap.begin, row = 0; k < tap.end; ++k, row += 2) {
    Levels16 const upper = load(row), lower = load(std::min(row + 1, tap.count - 1));
    Levels16 const first = first_interleaved(upper, lower), last = last_interleaved(upper, lower);
    WeightPair const& weights = filters.pairs[k];
    sums[0].add(first_words(first), weights), sums[1].add(last_words(first), weights);
    sums[2].add(first_words(last), weights), sums[3].add(last_words(last), weights);
  }
  return to_levels({sums[0].rounded(), sums[1].rounded(), sums[2].rounded(), sums[3].rounded()});
}

/// One row of `samples` levels from rows of that length.
inline void resize_rows(std::uint8_t const* source, std::size_t samples, Taps1d const& tap,
                        FilterTaps const& filters, std::uint8_t* out) {
  std::size_t i = 0;
  for (; i + 16 <= samples; i += 16) {
    Levels16 const levels = resized_levels(tap, filters, [&](std::size_t row) {
      Levels16 loaded;
      std::memcpy(&loaded, source + row * samples + i, 16);
      return loaded;
    });
    std::memcpy(out + i, &levels, 16);
  }
  std::size_t const left = samples - i;
  if (left == 0) return;
  Levels16 const levels = resized_levels(tap, filters, [&](std::size_t row) {
    Levels16 loaded{};
    std::memcpy(&loaded, source + row * samples + i, left);
    return loaded;
  });
  std::memcpy(out + i, &levels, left);
}

inline Image resize_down(Filter filter, Image const& image, std::size_t height) {
  std::size_t const samples = image.shape(1) * 3;
  FilterTaps const filters = filter_taps(filter, image.shape(0), height);
  Image result = Image::from_shape({height, image.shape(1), 3});
  for (std::size_t y = 0; y < height; ++y) {
    Taps1d const& tap = filters.taps[y];
    resize_rows(image.data() + tap.first * samples, samples, tap, filters,
                result.data() + y * samples);
  }
  return result;
}

/// Both passes: across first, then down; the other way round where the height shrinks by more than
/// twice what the width does (Pillow 13.0, Resample.c: ImagingResampleInner).
inline Image resize_by(Filter filter, Image const& image, std::size_t height, std::size_t width) {
  auto const fewer_rows =
                 static_cast<std::int64_t>(image.shape(0)) - static_cast<std::int64_t>(height),
             fewer_columns =
                 static_cast<std::int64_t>(image.shape(1)) - static_cast<std::int64_t>(width);
  bool const down_first = fewer_rows > 0 && fewer_rows > 2 * fewer_columns;
  if (fewer_columns == 0 && fewer_rows == 0) return image;
  if (fewer_columns == 0) return resize_down(filter, image, height);
  if (fewer_rows == 0) return resize_across(filter, image, width);
  if (down_first) return resize_across(filter, resize_down(filter, image, height), width);
  return resize_down(filter, resize_across(filter, image, width), height);
}

/// The mask's pixel (ys[y], xs[x]) at each place.
inline Mask pick(Mask const& mask, std::vector<std::size_t> const& ys,
                 std::vector<std::size_t> const& xs) {
  Mask picked = Mask::from_shape({ys.size(), xs.size()});
  std::uint8_t* out = picked.data();
  for (std::size_t y = 0; y < ys.size(); ++y, out += xs.size()) {
    if (y > 0 && ys[y] == ys[y - 1]) {
      std::copy_n(out - xs.size(), xs.size(), out);
      continue;
    }
    std::uint8_t const* const row = mask.data() + ys[y] * mask.shape(1);
    for (std::size_t x = 0; x < xs.size(); ++x) out[x] = row[xs[x]];
  }
  return picked;
}

}  // namespace detail

/// The image.resize(BILINEAR) of Pillow 13.0 bit for bit: antialiased, rounded to 8 bit after each
/// of the two passes. [H, W, 3] -> [height, width, 3]
///
/// Pillow 12 and older go across first always, which differs by a level here and there where the
/// height loses more than twice as many pixels as the width: most portrait pictures.
inline Image resize_bilinear(Image const& image, std::size_t height, std::size_t width) {
  return detail::resize_by(detail::Filter::bilinear, image, height, width);
}

/// The image.resize(BICUBIC) of Pillow 13.0 bit for bit, likewise: what CLIP and BLIP were trained
/// with. [H, W, 3] -> [height, width, 3]
inline Image resize_bicubic(Image const& image, std::size_t height, std::size_t width) {
  return detail::resize_by(detail::Filter::bicubic, image, height, width);
}

/// torchvision's Resize(side): the shorter side becomes `side`, the longer one keeps the
/// proportion, cut to whole pixels.
inline Image resize_shorter_side(Image const& image, std::size_t side) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  if (height <= width) return resize_bilinear(image, side, side * width / height);
  return resize_bilinear(image, side * height / width, side);
}

/// PIL's Image.resize(NEAREST), which torchvision uses for masks that are PIL images.
inline Mask resize_nearest(Mask const& mask, std::size_t height, std::size_t width) {
  // PIL steps through the source by adding, so its rounding errors are part of the result.
  auto const sources = [](std::size_t in, std::size_t out) {
    double const scale = static_cast<double>(in) / static_cast<double>(out);
    std::vector<std::size_t> from(out);
    double at = scale * 0.5;
    for (auto& index : from) {
      index = std::min(static_cast<std::size_t>(at), in - 1);
      at += scale;
    }
    return from;
  };
  return detail::pick(mask, sources(mask.shape(0), height), sources(mask.shape(1), width));
}

namespace detail {

inline std::vector<std::size_t> nearest_exact_sources(std::size_t in, std::size_t out) {
  float const scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<std::size_t> from(out);
  for (std::size_t i = 0; i < out; ++i)
    from[i] = std::min(static_cast<std::size_t>((static_cast<float>(i) + 0.5f) * scale), in - 1);
  return from;
}

}  // namespace detail

/// torch's interpolate(mode='nearest-exact'), by which predictions go back to the original size.
inline Mask resize_nearest_exact(Mask const& mask, std::size_t height, std::size_t width) {
  return detail::pick(mask, detail::nearest_exact_sources(mask.shape(0), height),
                      detail::nearest_exact_sources(mask.shape(1), width));
}

}  // namespace vlsm
