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

/// PIL's antialiased triangle filter: the support grows with the reduction, weights are normalised
/// and rounded to fixed point (Pillow, Resample.c: precompute_coeffs and normalize_coeffs_8bpc).
inline std::vector<Taps1d> bilinear_taps(std::size_t in, std::size_t out) {
  constexpr int precision = 32 - 8 - 2;
  double const scale = static_cast<double>(in) / static_cast<double>(out);
  double const support = std::max(scale, 1.0), inverse = 1.0 / support;
  std::vector<Taps1d> taps(out);
  for (std::size_t i = 0; i < out; ++i) {
    double const center = (static_cast<double>(i) + 0.5) * scale;
    auto const first = static_cast<std::int64_t>(std::max(center - support + 0.5, 0.0));
    auto const end =
        std::min(static_cast<std::int64_t>(center + support + 0.5), static_cast<std::int64_t>(in));
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t x = first; x < end; ++x) {
      double const distance = std::abs((static_cast<double>(x) - center + 0.5) * inverse);
      weights.push_back(distance < 1 ? 1 - distance : 0);
      sum += weights.back();
    }
    taps[i].first = static_cast<std::size_t>(first);
    for (double w : weights)
      taps[i].weights.push_back(static_cast<std::int32_t>(0.5 + w / sum * (1 << precision)));
  }
  return taps;
}

/// One output value: the weighted sum of source values that lie `step` apart, rounded to 8 bit.
inline std::uint8_t weigh(std::uint8_t const* source, std::size_t step, Taps1d const& taps) {
  std::int32_t sum = 1 << 21;
  for (std::size_t k = 0; k < taps.weights.size(); ++k)
    sum += source[(taps.first + k) * step] * taps.weights[k];
  return static_cast<std::uint8_t>(std::clamp(sum >> 22, 0, 255));
}

}  // namespace detail

/// PIL's Image.resize(BILINEAR) bit for bit: antialiased, across first, then down, rounded to 8 bit
/// between. [H, W, 3] -> [height, width, 3]
inline Image resize_bilinear(Image const& image, std::size_t height, std::size_t width) {
  std::size_t const rows = image.shape(0), columns = image.shape(1);
  Image across = image;
  if (width != columns) {
    auto const taps = detail::bilinear_taps(columns, width);
    across = Image::from_shape({rows, width, 3});
    for (std::size_t y = 0; y < rows; ++y)
      for (std::size_t x = 0; x < width; ++x)
        for (std::size_t c = 0; c < 3; ++c)
          across(y, x, c) = detail::weigh(image.data() + y * columns * 3 + c, 3, taps[x]);
  }
  if (height == rows) return across;
  auto const taps = detail::bilinear_taps(rows, height);
  Image down = Image::from_shape({height, width, 3});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t i = 0; i < 3 * width; ++i)
      down.data()[y * 3 * width + i] = detail::weigh(across.data() + i, 3 * width, taps[y]);
  return down;
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
  auto const ys = sources(mask.shape(0), height), xs = sources(mask.shape(1), width);
  Mask resized = Mask::from_shape({height, width});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) resized(y, x) = mask(ys[y], xs[x]);
  return resized;
}

/// torch's interpolate(mode='nearest-exact'), by which predictions go back to the original size.
inline Mask resize_nearest_exact(Mask const& mask, std::size_t height, std::size_t width) {
  auto const source = [](std::size_t i, std::size_t in, std::size_t out) {
    float const scale = static_cast<float>(in) / static_cast<float>(out);
    return std::min(static_cast<std::size_t>((static_cast<float>(i) + 0.5f) * scale), in - 1);
  };
  Mask resized = Mask::from_shape({height, width});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x)
      resized(y, x) = mask(source(y, mask.shape(0), height), source(x, mask.shape(1), width));
  return resized;
}

}  // namespace vlsm
