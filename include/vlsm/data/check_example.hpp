// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <span>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/data/dataset.hpp"

namespace vlsm {

/// Throws Error where an example is not what a Dataset promises: an image [C, H, W] of real numbers
/// and a mask [1, H, W] of 0 to 1, of any type, both on the CPU. That a picture's pixels are finite
/// is left to what comes of them.
inline void check_example(Example const& example) {
  auto const refuse = [&](std::string const& what) {
    throw Error(what, example.name,
                "a Dataset gives an image [3, H, W], normalized, and a mask [1, H, W] of 0 to 1, "
                "both float32 on the CPU");
  };
  auto const check = [&](at::Tensor const& part, std::string const& name) {
    if (!part.defined()) refuse("an example has no " + name);
    if (!part.is_cpu() || part.dim() != 3)
      refuse("the " + name + " of an example is " + part.toString() + shape_text(part.sizes()));
  };
  check(example.image, "image");
  check(example.mask, "mask");
  if (!example.image.is_floating_point())
    refuse("the image of an example is " + example.image.toString());
  if (example.mask.size(0) != 1 || example.mask.sizes().slice(1) != example.image.sizes().slice(1))
    refuse("an example has an image " + shape_text(example.image.sizes()) + " and a mask " +
           shape_text(example.mask.sizes()));
  at::Tensor const levels = example.mask.contiguous();
  bool fits = true;  // a plain loop: LibTorch would start threads for each worker
  AT_DISPATCH_ALL_TYPES_AND3(
      at::kBool, at::kHalf, at::kBFloat16, levels.scalar_type(), "mask", [&] {
        std::span const all(levels.const_data_ptr<scalar_t>(),
                            static_cast<std::size_t>(levels.numel()));
        fits = std::ranges::all_of(all, [](scalar_t level) {
          auto const value = static_cast<float>(level);
          return value >= -1e-3f && value <= 1 + 1e-3f;  // what resized it may have rounded
        });
      });
  if (!fits) refuse("the mask of an example has values outside 0 to 1");
}

}  // namespace vlsm
