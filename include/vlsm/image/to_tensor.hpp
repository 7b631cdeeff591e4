// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>

#include "vlsm/core/recipe.hpp"
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

/// A picture as a model sees it: resized to the recipe's square and normalised, [3, S, S].
inline at::Tensor prepare_image(Image const& image, Recipe const& recipe) {
  auto const side = static_cast<std::size_t>(recipe.image);
  return to_tensor(resize_bilinear(image, side, side), recipe.normalize);
}

/// A boolean prediction [H, W] as a mask of 0 and 255.
inline Mask to_mask(at::Tensor const& prediction) {
  at::Tensor const bytes = prediction.to(at::kByte).mul(255).contiguous();
  Mask mask = Mask::from_shape(
      {static_cast<std::size_t>(bytes.size(0)), static_cast<std::size_t>(bytes.size(1))});
  std::copy_n(bytes.const_data_ptr<std::uint8_t>(), mask.size(), mask.data());
  return mask;
}

}  // namespace vlsm
