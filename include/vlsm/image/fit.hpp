// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "vlsm/compose/recipe.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/image/letterbox.hpp"
#include "vlsm/image/resize.hpp"

namespace vlsm {

/// A picture as the recipe's square, [S, S, 3]: stretched by PIL's bilinear resize, or in a
/// letterbox by OpenCV 4's bicubic one, the mean color around it.
inline Image fit_image(Image const& image, Recipe const& recipe) {
  auto const side = static_cast<std::size_t>(recipe.image);
  if (recipe.fit == Fit::stretch) return resize_bilinear(image, side, side);
  auto const [down, across] = detail::letterbox(image.shape(0), image.shape(1), side);
  std::array<float, 3> mean;
  for (std::size_t c = 0; c < 3; ++c) mean[c] = std::nearbyint(recipe.normalize.mean[c] * 255);
  Image square = Image::from_shape({side, side, 3});
  detail::sample<3>(
      image.data(), image.shape(0), image.shape(1),
      detail::neighbors(detail::inverse(down), detail::Axis::down, side, detail::Kernel::cubic),
      detail::neighbors(detail::inverse(across), detail::Axis::across, side, detail::Kernel::cubic),
      mean, [&](std::size_t y, float const* row) {
        std::transform(row, row + 3 * side, square.data() + y * 3 * side, detail::level_of);
      });
  return square;
}

/// A mask as the recipe's square, [S, S]: PIL's nearest pixel, or in a letterbox OpenCV 4's
/// bilinear mean of them (CRIS trains so), background around it.
inline Mask fit_mask(Mask const& mask, Recipe const& recipe) {
  auto const side = static_cast<std::size_t>(recipe.image);
  if (recipe.fit == Fit::stretch) return resize_nearest(mask, side, side);
  auto const [down, across] = detail::letterbox(mask.shape(0), mask.shape(1), side);
  Mask square = Mask::from_shape({side, side});
  detail::sample<1>(
      mask.data(), mask.shape(0), mask.shape(1),
      detail::neighbors(detail::inverse(down), detail::Axis::down, side, detail::Kernel::linear),
      detail::neighbors(detail::inverse(across), detail::Axis::across, side,
                        detail::Kernel::linear),
      {0.0f}, [&](std::size_t y, float const* row) {
        std::transform(row, row + side, square.data() + y * side, detail::level_of);
      });
  return square;
}

}  // namespace vlsm
