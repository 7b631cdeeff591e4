// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "vlsm/ops/convolution/depthwise.hpp"
#include "vlsm/ops/convolution/winograd.hpp"
#include "vlsm/ops/packed/linear.hpp"

namespace vlsm::ops {

/// The maps of `inputs`, enlarged where they say so, concatenated along the channels: [B, C, H, W].
at::Tensor joined(std::vector<ConvolutionInput> const& inputs);

/// A 2D convolution for inference on a CPU, as PackedLinear is a dense layer. Maps lie channels
/// last in memory; one that does not is copied. A 3 x 3 convolution that keeps the size goes by
/// Winograd, in float32; one in bfloat16 where the CPU has no matrix units. One of each channel by
/// itself goes by `depthwise_convolution`. Where products' factors are rounded, one of 1 x 1 is a
/// PackedLinear, and others are oneDNN's in bfloat16. Of the others the right order of the weights
/// depends on the map's size: they are packed when the first map of a size comes, once for all
/// sizes that want the same. No gradients. Any number of threads may run it.
class PackedConv {
 public:
  /// Copies weight [out, in / groups, K, K] and bias [out] (or undefined) in the type of the later
  /// inputs.
  PackedConv(at::Tensor const& weight, at::Tensor const& bias, ConvSteps steps, at::ScalarType type,
             Operand operand = Operand::fp32);

  /// then(conv(x) + b), [B, in, H, W] -> [B, out, H', W'], in the type of the weights, which x must
  /// have.
  at::Tensor run(at::Tensor const& x, Epilogue then = Epilogue::none) const;

  /// The same of maps that are read as if concatenated along the channels.
  at::Tensor run(std::vector<ConvolutionInput> const& maps, Epilogue then = Epilogue::none) const;

  /// relu(conv(x) + b + residual), residual [B, out, H', W'], likewise.
  at::Tensor plus_relu(at::Tensor const& x, at::Tensor const& residual) const;

 private:
  /// Weights in the order for maps of these sizes.
  struct Form {
    std::vector<std::array<std::int64_t, 4>> sizes;  // batch, height, width, threads
    at::Tensor weight;                               // opaque
    at::Tensor order;                                // oneDNN's description of it
  };
  at::Tensor weight_for(at::Tensor const& x) const;
  at::Tensor plain() const;  // the weights [out, in / groups, K, K]

  at::Tensor by_winograd(std::vector<ConvolutionInput> maps, at::Tensor const& residual,
                         bool relu) const;
  at::Tensor by_dense(at::Tensor const& x, at::Tensor const& residual, Epilogue then) const;

  std::optional<WinogradWeights> winograd_;
  std::optional<DepthwiseWeights> depthwise_;
  std::optional<PackedLinear> dense_;
  at::ScalarType type_;   // of the maps
  at::ScalarType inner_;  // of what oneDNN multiplies
  mutable std::mutex mutex_;
  mutable at::Tensor weight_;  // undefined once there is a form
  mutable std::vector<Form> forms_;
  at::Tensor bias_;
  ConvSteps steps_;
  bool packs_ = false;
};

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/packed/impl/conv.hpp"
#endif
