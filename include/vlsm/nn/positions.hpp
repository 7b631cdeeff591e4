// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <cmath>

#include "vlsm/nn/resize.hpp"

namespace vlsm {

/// A learned table of positions [1 + side^2, C] (class token first) for a grid of another size:
/// bicubic, corners not aligned, as HF's CLIPSeg does. Returns [1 + height * width, C].
inline at::Tensor resize_position_table(at::Tensor const& table, std::int64_t height,
                                        std::int64_t width) {
  std::int64_t const side = std::llround(std::sqrt(static_cast<double>(table.size(0) - 1)));
  if (side == height && side == width) return table;
  // A product down the columns, then one along each row: a tenth of the time of LibTorch's resize,
  // which on a GPU takes longer than all else of a model.
  c10::impl::ExcludeDispatchKeyGuard const exact(c10::autocast_dispatch_keyset);
  auto const options = detail::wide_options(table);
  auto const weights = [&](std::int64_t to) {
    return detail::resize_weights(side, to, Resize::bicubic, /*align_corners=*/false, options);
  };
  std::int64_t const channels = table.size(1);
  at::Tensor const grid = table.slice(0, 1).to(options.dtype()).reshape({side, side * channels});
  at::Tensor const resized =
      at::matmul(weights(width), at::matmul(weights(height), grid).view({height, side, channels}));
  return at::cat({table.slice(0, 0, 1), resized.flatten(0, 1).to(table.scalar_type())});
}

/// Sines (even channels) and cosines (odd) of the positions 0 to `length` - 1 at wavelengths from
/// 2 pi to 10000 * 2 pi (Vaswani et al. 2017), [length, width]. 16 bits would not hold the angles:
/// they are computed in float32 (float64 where that is asked for) and the result is rounded.
inline at::Tensor sine_positions(std::int64_t length, std::int64_t width,
                                 at::TensorOptions const& options) {
  auto const type = c10::typeMetaToScalarType(options.dtype());
  auto const wide = options.dtype(type == at::kDouble ? at::kDouble : at::kFloat);
  at::Tensor const position = at::arange(length, wide).unsqueeze(1);
  at::Tensor const rate = (at::arange(0, width, 2, wide) * (-std::log(10000.0) / width)).exp();
  at::Tensor const angle = position * rate;  // [length, width / 2]
  return at::stack({angle.sin(), angle.cos()}, 2).flatten(1).to(type);
}

/// The same in two dimensions: the first half of the channels is the column, the second the row,
/// [height * width, channels].
inline at::Tensor sine_positions(std::int64_t height, std::int64_t width, std::int64_t channels,
                                 at::TensorOptions const& options) {
  std::int64_t const half = channels / 2;
  at::Tensor const column =
      sine_positions(width, half, options).unsqueeze(0).expand({height, width, half});
  at::Tensor const row =
      sine_positions(height, half, options).unsqueeze(1).expand({height, width, half});
  return at::cat({column, row}, 2).flatten(0, 1);
}

}  // namespace vlsm
