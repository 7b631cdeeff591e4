// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/data/augmentation.hpp"
#include "vlsm/data/dataset.hpp"

namespace vlsm {

/// Uniform in [low, high).
inline double uniform_number(Random& random, double low, double high) {
  return low + (high - low) * (static_cast<double>(random()) / 4294967296.0);
}

// Plain loops, not ATen's operations: a loader's workers would start LibTorch's threads each.
namespace detail {

/// The planes of an image or a mask [C, H, W], float32, to be changed in place.
struct Planes {
  explicit Planes(at::Tensor const& dense)
      : data(dense.mutable_data_ptr<float>()),
        count(dense.size(0)),
        height(dense.size(1)),
        width(dense.size(2)) {}
  float* data;
  std::int64_t count, height, width;
};

inline void flip_down(Planes const& planes) {
  for (std::int64_t c = 0; c < planes.count; ++c) {
    float* const plane = planes.data + c * planes.height * planes.width;
    for (std::int64_t y = 0; y < planes.height / 2; ++y)
      std::swap_ranges(plane + y * planes.width, plane + (y + 1) * planes.width,
                       plane + (planes.height - 1 - y) * planes.width);
  }
}

inline void flip_across(Planes const& planes) {
  for (std::int64_t y = 0; y < planes.count * planes.height; ++y)
    std::reverse(planes.data + y * planes.width, planes.data + (y + 1) * planes.width);
}

/// Calls `put(place in the result, y, x)` with the place that each pixel comes from after a turn
/// about the center, within the edges.
template <class Put>
void turned(Planes const& planes, double radians, Put put) {
  double const cosine = std::cos(radians), sine = std::sin(radians);
  auto const bottom = static_cast<double>(planes.height - 1),
             right = static_cast<double>(planes.width - 1);
  for (std::int64_t i = 0; i < planes.height; ++i)
    for (std::int64_t j = 0; j < planes.width; ++j) {
      double const down = static_cast<double>(i) - bottom / 2,
                   across = static_cast<double>(j) - right / 2;
      put(i * planes.width + j, std::clamp(cosine * down - sine * across + bottom / 2, 0.0, bottom),
          std::clamp(sine * down + cosine * across + right / 2, 0.0, right));
    }
}

/// [C, H, W] turned, each pixel between its four neighbors.
inline at::Tensor rotate_image(at::Tensor const& image, double radians) {
  at::Tensor const result = at::empty_like(image);
  Planes const from(image), to(result);
  turned(from, radians, [&](std::int64_t place, double y, double x) {
    auto const top = static_cast<std::int64_t>(y), left = static_cast<std::int64_t>(x);
    std::int64_t const below = std::min(top + 1, from.height - 1),
                       beside = std::min(left + 1, from.width - 1);
    double const v = y - static_cast<double>(top), u = x - static_cast<double>(left);
    for (std::int64_t c = 0; c < from.count; ++c) {
      float const* const plane = from.data + c * from.height * from.width;
      auto const at = [&](std::int64_t row, std::int64_t column) {
        return static_cast<double>(plane[row * from.width + column]);
      };
      to.data[c * to.height * to.width + place] =
          static_cast<float>((1 - v) * ((1 - u) * at(top, left) + u * at(top, beside)) +
                             v * ((1 - u) * at(below, left) + u * at(below, beside)));
    }
  });
  return result;
}

/// [C, H, W] turned, each pixel the nearest one.
inline at::Tensor rotate_mask(at::Tensor const& mask, double radians) {
  at::Tensor const result = at::empty_like(mask);
  Planes const from(mask), to(result);
  turned(from, radians, [&](std::int64_t place, double y, double x) {
    auto const row = static_cast<std::int64_t>(std::nearbyint(y)),
               column = static_cast<std::int64_t>(std::nearbyint(x));
    for (std::int64_t c = 0; c < from.count; ++c)
      to.data[c * to.height * to.width + place] =
          from.data[(c * from.height + row) * from.width + column];
  });
  return result;
}

/// Calls `change(x)`, which returns the new value, with each pixel in [0, 1].
template <class Change>
void on_pixels(Planes const& image, Normalization const& normalization, Change change) {
  for (std::int64_t c = 0; c < image.count; ++c) {
    auto const channel = static_cast<std::size_t>(c);
    float const mean = normalization.mean[channel], deviation = normalization.deviation[channel];
    float* const plane = image.data + c * image.height * image.width;
    for (std::int64_t i = 0; i < image.height * image.width; ++i)
      plane[i] = (change(plane[i] * deviation + mean) - mean) / deviation;
  }
}

inline void adjust_contrast(Planes const& image, Normalization const& normalization, float gamma) {
  float least = std::numeric_limits<float>::infinity(), most = -least;
  for (std::int64_t i = 0, plane = image.height * image.width; i < image.count * plane; ++i) {
    auto const channel = static_cast<std::size_t>(i / plane);
    float const x = image.data[i] * normalization.deviation[channel] + normalization.mean[channel];
    least = std::min(least, x);
    most = std::max(most, x);
  }
  float const range = most - least;
  on_pixels(image, normalization, [&](float x) {
    return std::pow(std::max(0.0f, x - least) / (range + 1e-7f), gamma) * range + least;
  });
}

}  // namespace detail

/// Changes an example's picture [3, S, S], which `normalization` made of pixels in [0, 1], and its
/// mask [1, S, S] together, as `random` wills. Both are on the CPU and float32 afterwards; the
/// tensors that came in stay as they are. Throws Error where colors are to change of a picture that
/// has more channels than `normalization`.
inline void augment(Example& example, Augmentation const& how, Normalization const& normalization,
                    Random& random) {
  auto const happens = [&](double probability) {
    return probability > 0 && uniform_number(random, 0, 1) < probability;
  };
  if (!how.any()) return;
  bool const colors = how.contrast > 0 || how.brightness > 0;
  if (colors && example.image.size(0) > std::ssize(normalization.mean))
    throw Error("the colors of a picture with " + std::to_string(example.image.size(0)) +
                    " channels cannot be changed",
                "Augmentation", "set contrast and brightness to 0");
  for (at::Tensor* const tensor : {&example.image, &example.mask})
    *tensor = at::empty(tensor->sizes(), at::kFloat).copy_(*tensor);
  for (auto* const flip : {&detail::flip_down, &detail::flip_across})
    if (happens(how.flip))
      for (at::Tensor const& tensor : {example.image, example.mask}) flip(detail::Planes(tensor));
  if (happens(how.rotate)) {
    double const radians =
        uniform_number(random, -how.degrees, how.degrees) * 3.14159265358979323846 / 180;
    example.image = detail::rotate_image(example.image, radians);
    example.mask = detail::rotate_mask(example.mask, radians);
  }
  detail::Planes const image(example.image);
  if (happens(how.contrast))
    detail::adjust_contrast(
        image, normalization,
        static_cast<float>(uniform_number(random, how.least_gamma, how.most_gamma)));
  if (happens(how.brightness)) {
    auto const factor = static_cast<float>(uniform_number(random, -how.factor, how.factor));
    detail::on_pixels(image, normalization, [&](float x) { return x * (1 + factor); });
  }
}

/// The same as a step of a Loader; nothing where nothing changes.
inline std::function<void(Example&, Random&)> augmentation(Augmentation const& how,
                                                           Normalization const& normalization) {
  if (!how.any()) return {};
  return [how, normalization](Example& example, Random& random) {
    augment(example, how, normalization, random);
  };
}

}  // namespace vlsm
