// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>

#include <cmath>

namespace vlsm {

/// A learned table of positions [1 + side^2, C] (class token first) for a grid of another size:
/// bicubic, corners not aligned, as HF's CLIPSeg does. Returns [1 + height * width, C].
inline at::Tensor resize_position_table(at::Tensor const& table, std::int64_t height,
                                        std::int64_t width) {
  std::int64_t const side = std::llround(std::sqrt(static_cast<double>(table.size(0) - 1)));
  if (side == height && side == width) return table;
  at::Tensor const grid =
      table.slice(0, 1).view({1, side, side, table.size(1)}).permute({0, 3, 1, 2});
  at::Tensor const resized = at::upsample_bicubic2d(grid, {height, width}, false);
  return at::cat({table.slice(0, 0, 1), resized.flatten(2)[0].t()});
}

}  // namespace vlsm
