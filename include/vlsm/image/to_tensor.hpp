// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isnan.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/image/fit.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/image/resize.hpp"

namespace vlsm {

/// Pixels in [0, 1], less the mean, by the deviation: [H, W, 3] -> float [3, H, W].
inline at::Tensor to_tensor(Image const& image, Normalization const& normalization) {
  at::Tensor const tensor = at::empty(
      {3, static_cast<std::int64_t>(image.shape(0)), static_cast<std::int64_t>(image.shape(1))});
  float* out = tensor.mutable_data_ptr<float>();
  for (std::size_t c = 0; c < 3; ++c) {
    std::array<float, 256> level;
    for (std::size_t v = 0; v < level.size(); ++v)
      level[v] =
          (static_cast<float>(v) / 255.0f - normalization.mean[c]) / normalization.deviation[c];
    for (std::size_t i = c; i < image.size(); i += 3) *out++ = level[image.data()[i]];
  }
  return tensor;
}

/// A mask as a target: [H, W] -> float [1, H, W] in [0, 1]. Values between 0 and 255, as JPEG masks
/// hold them, stay soft.
inline at::Tensor to_tensor(Mask const& mask) {
  at::Tensor const tensor = at::empty(
      {1, static_cast<std::int64_t>(mask.shape(0)), static_cast<std::int64_t>(mask.shape(1))});
  std::transform(mask.data(), mask.data() + mask.size(), tensor.mutable_data_ptr<float>(),
                 [](std::uint8_t value) { return static_cast<float>(value) / 255.0f; });
  return tensor;
}

/// A picture as a model sees it: fitted into the recipe's square and normalized, [3, S, S].
inline at::Tensor prepare_image(Image const& image, Recipe const& recipe) {
  return to_tensor(fit_image(image, recipe), recipe.normalize);
}

/// A mask as the model's target: fitted into the recipe's square, float [1, S, S] in [0, 1].
inline at::Tensor prepare_mask(Mask const& mask, Recipe const& recipe) {
  return to_tensor(fit_mask(mask, recipe));
}

/// A boolean prediction [H, W] as a mask of 0 and 255.
inline Mask to_mask(at::Tensor const& prediction) {
  at::Tensor const bytes = prediction.to(at::kByte).mul(255).contiguous();
  Mask mask = Mask::from_shape(
      {static_cast<std::size_t>(bytes.size(0)), static_cast<std::size_t>(bytes.size(1))});
  std::copy_n(bytes.const_data_ptr<std::uint8_t>(), mask.size(), mask.data());
  return mask;
}

namespace detail {

/// Calls `put` with each row of a map [S, S] at the picture's size.
template <class Put>
void restore_rows(at::Tensor const& map, std::size_t height, std::size_t width,
                  Recipe const& recipe, Put put) {
  at::Tensor const square = map.to(at::kCPU, at::kFloat).contiguous();
  auto const rows = static_cast<std::size_t>(square.size(0)),
             columns = static_cast<std::size_t>(square.size(1));
  float const* const values = square.const_data_ptr<float>();
  if (recipe.fit == Fit::stretch) {
    auto const ys = nearest_exact_sources(rows, height), xs = nearest_exact_sources(columns, width);
    std::vector<float> row(width);
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) row[x] = values[ys[y] * columns + xs[x]];
      put(y, row.data());
    }
    return;
  }
  auto const [down, across] = letterbox(height, width, rows);
  sample<1>(values, rows, columns, neighbors(down, Axis::down, height, Kernel::cubic),
            neighbors(across, Axis::across, width, Kernel::cubic), {0.0f}, put);
}

}  // namespace detail

/// A map of the model's square, [S, S] (logits, probabilities; on any device), at the picture's
/// size and without a letterbox's border: float [height, width] on the CPU. The nearest pixel, or
/// OpenCV 4's bicubic with zeros around. CRIS brings back probabilities, not logits.
inline at::Tensor restore(at::Tensor const& map, std::size_t height, std::size_t width,
                          Recipe const& recipe) {
  at::Tensor const restored =
      at::empty({static_cast<std::int64_t>(height), static_cast<std::int64_t>(width)});
  float* const out = restored.mutable_data_ptr<float>();
  detail::restore_rows(map, height, width, recipe, [&](std::size_t y, float const* row) {
    std::copy_n(row, width, out + y * width);
  });
  return restored;
}

namespace detail {

/// The part of a letterboxed square that shows a picture of height x width, at another size, by
/// OpenCV 4's bicubic: `put` gets each of `rows` rows of `columns` values.
template <class Put>
void stretch_rows(at::Tensor const& map, std::size_t height, std::size_t width, std::size_t rows,
                  std::size_t columns, Put put) {
  at::Tensor const square = map.to(at::kCPU, at::kFloat).contiguous();
  auto const side = static_cast<std::size_t>(square.size(0));
  auto const at_centers = [](Letterbox1d axis, std::size_t length, std::size_t count) {
    double const step = static_cast<double>(length) / static_cast<double>(count);
    return Letterbox1d{axis.scale * step, axis.offset + axis.scale * (step - 1) / 2};
  };
  auto const axes = letterbox(height, width, side);
  sample<1, Outside::nearest>(
      square.const_data_ptr<float>(), side, side,
      neighbors(at_centers(axes[0], height, rows), Axis::down, rows, Kernel::cubic),
      neighbors(at_centers(axes[1], width, columns), Axis::across, columns, Kernel::cubic), {0.0f},
      put);
}

}  // namespace detail

/// A map of the model's square, [S, S], of the picture alone: the map itself where pictures are
/// stretched, else what lies in the letterbox, stretched over the square. So the maps of all
/// pictures have one size, and row y shows the picture's row y * height / S.
inline at::Tensor stretch_map(at::Tensor const& map, std::size_t height, std::size_t width,
                              Recipe const& recipe) {
  if (recipe.fit == Fit::stretch) return map;
  auto const side = static_cast<std::size_t>(map.size(0));
  at::Tensor const stretched = at::empty({map.size(0), map.size(0)});
  detail::stretch_rows(map, height, width, side, side, [&](std::size_t y, float const* row) {
    std::copy_n(row, side, stretched.mutable_data_ptr<float>() + y * side);
  });
  return stretched;
}

/// A map of the model's square, [S, S], at any size [rows, columns]: at the picture's own what
/// `restore` gives; where pictures are stretched the nearest pixel (nearest-exact), else what lies
/// in the letterbox of a picture of height x width. Calls `put(y, row)` with each row of `columns`
/// floats in turn, so that a large map need not be in memory.
template <class Put>
void restore_rows_at(at::Tensor const& map, std::array<std::size_t, 2> picture,
                     std::array<std::size_t, 2> size, Recipe const& recipe, Put put) {
  auto const [height, width] = picture;
  auto const [rows, columns] = size;
  if (recipe.fit == Fit::stretch || picture == size)
    detail::restore_rows(map, rows, columns, recipe, put);
  else
    detail::stretch_rows(map, height, width, rows, columns, put);
}

/// Throws Error where any of the logits, of any shape, is NaN or infinite: compared with a
/// threshold they would be a mask all the same. `where`: the pictures.
inline void check_logits(at::Tensor const& logits, std::string const& where) {
  if (!logits.isfinite().all().item<bool>())
    throw Error("the logits are not finite numbers", where,
                "look for broken pictures, or for weights that diverged");
}

/// What of the model's square belongs to the object, at the picture's size: where a probability
/// [S, S] is above `threshold`. Stretched pictures have each pixel decided at the model's size.
/// NaN is above nothing: see check_logits.
inline Mask restore_mask(at::Tensor const& probability, float threshold, std::size_t height,
                         std::size_t width, Recipe const& recipe) {
  if (recipe.fit == Fit::stretch)
    return resize_nearest_exact(to_mask(at::gt(probability, threshold)), height, width);
  Mask mask = Mask::from_shape({height, width});
  detail::restore_rows(probability, height, width, recipe, [&](std::size_t y, float const* row) {
    std::transform(row, row + width, mask.data() + y * width, [&](float value) {
      return static_cast<std::uint8_t>(value > threshold ? 255 : 0);
    });
  });
  return mask;
}

}  // namespace vlsm
