// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace vlsm::ops {

/// A 3 x 3 convolution's weights as `winograd_convolution` reads them.
struct WinogradWeights {
  at::Tensor filter;  ///< [(tile + 2)^2, panels of 16 outputs, in, 16]
  at::Tensor bias;    ///< [outputs, filled up to whole panels]
  std::int64_t in = 0, out = 0;
  int tile = 4;
};

/// Prepares a 3 x 3 convolution once, for many pictures.
///
/// @param weight [out, in, 3, 3], float32 on the CPU
/// @param bias [out], or undefined: none
/// @param tile 4: results by 4 x 4, a quarter of the multiplications, weights that take four times
/// the memory; rounding errors are two to four times those of oneDNN. 2: by 2 x 2, 4/9 of the
/// multiplications, 1.8 times the memory, errors like oneDNN's.
/// Throws Error for other shapes, types, devices and tiles.
WinogradWeights pack_winograd(at::Tensor const& weight, at::Tensor const& bias = {}, int tile = 4);

/// A map that a convolution reads.
struct ConvolutionInput {
  at::Tensor map;         ///< [B, C, H, W], or half as high and wide
  bool upsample = false;  ///< each pixel is read as 2 x 2: nearest, without the larger copy
};

/// How a convolution moves, and what is done to its sums before they are written.
struct ConvolutionOptions {
  at::Tensor residual{};      ///< [B, out, H, W], added; undefined: nothing
  bool relu = false;          ///< then negative results become zero
  std::int64_t dilation = 1;  ///< pixels from one cell of the kernel to the next
};

/// A convolution of 3 x 3, stride 1, with as many zeros around as its dilation, for inference on a
/// CPU, by Winograd's minimal filtering (Lavin and Gray 2016).
///
/// @param inputs one map, or up to eight that are read as if concatenated along the channels
/// @return [B, out, H, W], channels last in memory: as inputs and residual should be, which are
/// copied where they are not. The same bits from any number of threads.
/// Throws Error for maps that do not fit each other or the weights, for anything but float32 on the
/// CPU, and where autograd wants a gradient.
at::Tensor winograd_convolution(std::vector<ConvolutionInput> const& inputs,
                                WinogradWeights const& weights,
                                ConvolutionOptions const& options = {});

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/convolution/impl/winograd.hpp"
#endif
