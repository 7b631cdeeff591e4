// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/base/shape_text.hpp"
#include "vlsm/nn/module.hpp"

namespace vlsm {

/// Throws Error unless `image` is [B, `channels`, H, W] with sides of at least `least` pixels.
inline void check_image(at::Tensor const& image, int least, int channels = 3) {
  if (image.dim() != 4 || image.size(0) == 0 || image.size(1) != channels ||
      image.size(2) < least || image.size(3) < least)
    throw Error("the vision tower cannot see this image", "shape " + shape_text(image.sizes()),
                "pass [B, " + std::to_string(channels) + ", H, W] with sides of at least " +
                    std::to_string(least) + " pixels");
}

}  // namespace vlsm
