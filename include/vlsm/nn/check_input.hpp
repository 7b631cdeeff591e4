// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/cuda_state.hpp"

namespace vlsm {

/// Throws Error unless `image` is [B, `channels`, H, W] with sides of at least `least` pixels.
inline void check_image(at::Tensor const& image, int least, int channels = 3) {
  if (!image.is_floating_point() || image.dim() != 4 || image.size(0) == 0 ||
      image.size(1) != channels || image.size(2) < least || image.size(3) < least)
    throw Error(
        "the vision tower cannot see this image",
        std::string(at::toString(image.scalar_type())) + ", shape " + shape_text(image.sizes()),
        "pass floats as [B, " + std::to_string(channels) + ", H, W] with sides of at least " +
            std::to_string(least) + " pixels");
}

/// Throws Error unless `ids` is [B, L] of integers within a vocabulary; what they are is not looked
/// at while a CUDA graph is captured.
inline void check_tokens(at::Tensor const& ids, std::int64_t vocabulary) {
  bool const whole = ids.scalar_type() == at::kLong || ids.scalar_type() == at::kInt;
  if (!whole || ids.dim() != 2 || ids.size(0) == 0 || ids.size(1) == 0)
    throw Error("the text tower cannot read these tokens",
                std::string(at::toString(ids.scalar_type())) + ", shape " + shape_text(ids.sizes()),
                "pass int64 ids as [B, L], both at least 1");
  if (is_capturing(ids)) return;
  auto const [least, most] = at::aminmax(ids);
  auto const lowest = least.item<std::int64_t>(), highest = most.item<std::int64_t>();
  if (lowest < 0 || highest >= vocabulary)
    throw Error(
        "a token id lies outside the vocabulary",
        "id " + std::to_string(lowest < 0 ? lowest : highest),
        "use the tokenizer of this model: its ids go from 0 to " + std::to_string(vocabulary - 1));
}

/// Throws Error where a sentence of `length` tokens is longer than a text tower's `positions`.
inline void check_positions(std::int64_t length, std::int64_t positions) {
  if (length > positions)
    throw Error("a prompt is longer than the text tower's positions",
                std::to_string(length) + " tokens",
                "cut prompts to " + std::to_string(positions) + " tokens");
}

}  // namespace vlsm
