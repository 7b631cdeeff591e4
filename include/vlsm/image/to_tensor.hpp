// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/core/recipe.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/image/resize.hpp"

namespace vlsm {

/// Pixels in [0, 1], less the mean, by the deviation: [H, W, 3] -> float [3, H, W].
inline at::Tensor to_tensor(Image const& image, Normalization const& normalization) {
  auto const height = static_cast<std::int64_t>(image.shape(0)),
             width = static_cast<std::int64_t>(image.shape(1));
  at::Tensor tensor = at::empty({3, height, width});
  float* out = tensor.mutable_data_ptr<float>();
  for (std::size_t c = 0; c < 3; ++c) {
    float const mean = normalization.mean[c], deviation = normalization.deviation[c];
    for (std::int64_t i = 0; i < height * width; ++i)
      *out++ =
          (static_cast<float>(image.data()[3 * static_cast<std::size_t>(i) + c]) / 255.0f - mean) /
          deviation;
  }
  return tensor;
}

/// A picture as a model sees it: resized to the recipe's square and normalised, [3, S, S].
inline at::Tensor prepare_image(Image const& image, Recipe const& recipe) {
  auto const side = static_cast<std::size_t>(recipe.image);
  return to_tensor(resize_bilinear(image, side, side), recipe.normalize);
}

/// A mask as a target: resized by nearest neighbour, in [0, 1], [1, S, S]. Values between 0 and
/// 255, as JPEG masks hold them, stay soft.
inline at::Tensor prepare_mask(Mask const& mask, Recipe const& recipe) {
  auto const side = static_cast<std::size_t>(recipe.image);
  Mask const resized = resize_nearest(mask, side, side);
  return at::from_blob(const_cast<std::uint8_t*>(resized.data()), {1, recipe.image, recipe.image},
                       at::kByte)
             .to(at::kFloat) /
         255;
}

/// A boolean prediction [H, W] as a mask of 0 and 255.
inline Mask to_mask(at::Tensor const& prediction) {
  at::Tensor const bytes = (prediction.to(at::kByte) * 255).contiguous();
  Mask mask = Mask::from_shape(
      {static_cast<std::size_t>(bytes.size(0)), static_cast<std::size_t>(bytes.size(1))});
  std::copy_n(bytes.const_data_ptr<std::uint8_t>(), mask.size(), mask.data());
  return mask;
}

}  // namespace vlsm
