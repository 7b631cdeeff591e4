// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace vlsm::ops {

/// How a convolution's kernel moves over its map, alike in both directions.
struct ConvSteps {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

/// The weights of a convolution of each channel by itself as `depthwise_convolution` reads them.
struct DepthwiseWeights {
  at::Tensor weight;  ///< [K, K, channels, filled up to a multiple of 16]
  at::Tensor bias;    ///< [as many]
  std::int64_t channels = 0;
};

/// Prepares such a convolution once, for many pictures.
///
/// @param weight [channels, 1, K, K], float32 on the CPU
/// @param bias [channels], or undefined: none
/// Throws Error for other shapes, types and devices.
DepthwiseWeights pack_depthwise(at::Tensor const& weight, at::Tensor const& bias = {});

/// A convolution of each channel by itself with zeros around, then ReLU if that is wanted, for
/// inference on a CPU. The zeros cost nothing, however far a dilation reaches.
///
/// @param x [B, channels, H, W], copied unless it lies channels last
/// @param steps `groups` is not read
/// @return [B, channels, H', W'], channels last. The same bits from any number of threads.
/// Throws Error for maps that do not fit or are smaller than the kernel, for anything but float32
/// on the CPU, and where autograd wants a gradient.
at::Tensor depthwise_convolution(at::Tensor const& x, DepthwiseWeights const& weights,
                                 ConvSteps const& steps, bool relu = false);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/convolution/impl/depthwise.hpp"
#endif
