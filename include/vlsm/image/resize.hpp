// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "vlsm/image/image.hpp"

namespace vlsm {

namespace detail {

/// The source pixels that one output pixel is made of, and their weights in 1 / 2^22.
struct Taps1d {
  std::size_t first;
  std::vector<std::int32_t> weights;
};

/// How neighbors are weighted by their distance.
enum class Filter {
  bilinear,  ///< a triangle as wide as two pixels
  bicubic,   ///< Keys' cubic with a = -0.5, as wide as four
};

/// The filter at `distance` pixels, which is not negative.
inline double weight_at(Filter filter, double distance) {
  double const x = distance;
  if (filter == Filter::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// PIL's antialiased filters: the support grows with the reduction, weights are normalized and
/// rounded to fixed point (Pillow, Resample.c: precompute_coeffs and normalize_coeffs_8bpc).
inline std::vector<Taps1d> filter_taps(Filter filter, std::size_t in, std::size_t out) {
  constexpr int precision = 32 - 8 - 2;
  double const scale = static_cast<double>(in) / static_cast<double>(out);
  double const widened = std::max(scale, 1.0), inverse = 1.0 / widened;
  double const support = widened * (filter == Filter::bilinear ? 1 : 2);
  std::vector<Taps1d> taps(out);
  for (std::size_t i = 0; i < out; ++i) {
    double const center = (static_cast<double>(i) + 0.5) * scale;
    auto const first = static_cast<std::int64_t>(std::max(center - support + 0.5, 0.0));
    auto const end =
        std::min(static_cast<std::int64_t>(center + support + 0.5), static_cast<std::int64_t>(in));
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t x = first; x < end; ++x) {
      weights.push_back(
          weight_at(filter, std::abs((static_cast<double>(x) - center + 0.5) * inverse)));
      sum += weights.back();
    }
    taps[i].first = static_cast<std::size_t>(first);
    for (double w : weights)
      taps[i].weights.push_back(
          static_cast<std::int32_t>((w < 0 ? -0.5 : 0.5) + w / sum * (1 << precision)));
  }
  return taps;
}

/// A weighted sum as a level.
inline std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> 22, 0, 255));
}

inline Image resize_across(Filter filter, Image const& image, std::size_t width) {
  std::size_t const rows = image.shape(0), columns = image.shape(1);
  auto const taps = filter_taps(filter, columns, width);
  Image result = Image::from_shape({rows, width, 3});
  std::uint8_t* out = result.data();
  for (std::size_t y = 0; y < rows; ++y)
    for (Taps1d const& tap : taps) {
      std::int32_t sum[3] = {1 << 21, 1 << 21, 1 << 21};
      std::uint8_t const* source = image.data() + (y * columns + tap.first) * 3;
      for (std::int32_t weight : tap.weights)
        for (std::size_t c = 0; c < 3; ++c) sum[c] += *source++ * weight;
      for (std::int32_t total : sum) *out++ = rounded(total);
    }
  return result;
}

inline Image resize_down(Filter filter, Image const& image, std::size_t height) {
  std::size_t const rows = image.shape(0), samples = image.shape(1) * 3;
  auto const taps = filter_taps(filter, rows, height);
  Image result = Image::from_shape({height, image.shape(1), 3});
  std::vector<std::int32_t> sums(samples);
  for (std::size_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 1 << 21);
    std::uint8_t const* source = image.data() + taps[y].first * samples;
    for (std::int32_t weight : taps[y].weights) {
      for (std::size_t i = 0; i < samples; ++i) sums[i] += source[i] * weight;
      source += samples;
    }
    std::transform(sums.begin(), sums.end(), result.data() + y * samples, rounded);
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
/// Pillow 12 and older go across first always, which differs by a level here and there for pictures
/// that are widened and shortened.
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
