// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/convolution/depthwise.hpp"
#include "vlsm/ops/convolution/depthwise.hpp"
#include "vlsm/ops/convolution/impl/check.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

VLSM_INLINE DepthwiseWeights pack_depthwise(at::Tensor const& weight, at::Tensor const& bias) {
  constexpr char const* operation = "depthwise convolution";
  if (!weight.defined() || weight.dim() != 4 || weight.size(1) != 1 ||
      weight.size(2) != weight.size(3) || weight.numel() == 0)
    throw Error("the weight is not that of a convolution of each channel by itself",
                std::string(operation) + ": " +
                    (weight.defined() ? shape_text(weight.sizes()) : "an undefined tensor"),
                "pass [channels, 1, K, K]");
  detail::check_convolution_number(operation, weight, "the weight");
  if (bias.defined()) detail::check_convolution_bias(operation, bias, weight);
  at::NoGradGuard const no_gradients;
  std::int64_t const channels = weight.size(0), kernel = weight.size(2),
                     padded = (channels + 15) / 16 * 16;
  auto const numbers = at::TensorOptions(at::kFloat);
  DepthwiseWeights packed{at::zeros({kernel, kernel, padded}, numbers),
                          at::zeros({padded}, numbers), channels};
  packed.weight.narrow(2, 0, channels).copy_(weight.squeeze(1).permute({1, 2, 0}));
  if (bias.defined()) packed.bias.narrow(0, 0, channels).copy_(bias);
  return packed;
}

VLSM_INLINE at::Tensor depthwise_convolution(at::Tensor const& x, DepthwiseWeights const& weights,
                                             ConvSteps const& steps, bool relu) {
  constexpr char const* operation = "depthwise convolution";
  if (!weights.weight.defined())
    throw Error("no weights", std::string(operation) + ": an empty DepthwiseWeights",
                "make them by pack_depthwise");
  if (steps.stride < 1 || steps.dilation < 1 || steps.padding < 0)
    throw Error("no such steps",
                std::string(operation) + ": stride " + std::to_string(steps.stride) + ", padding " +
                    std::to_string(steps.padding) + ", dilation " + std::to_string(steps.dilation),
                "pass a stride and a dilation of 1 or more, a padding of 0 or more");
  std::int64_t const kernel = weights.weight.size(0), reach = steps.dilation * (kernel - 1) + 1;
  if (!x.defined() || x.dim() != 4 || x.size(1) != weights.channels ||
      x.size(2) + 2 * steps.padding < reach || x.size(3) + 2 * steps.padding < reach)
    throw Error("the map does not fit the weights",
                std::string(operation) + ": " +
                    (x.defined() ? shape_text(x.sizes()) : "an undefined tensor"),
                "pass [B, " + std::to_string(weights.channels) + ", H, W], H and W at least " +
                    std::to_string(reach - 2 * steps.padding));
  detail::check_convolution_number(operation, x, "the map");
  detail::check_convolution_gradient(operation, {x});
  at::Tensor const map = x.contiguous(at::MemoryFormat::ChannelsLast);
  auto const moves = [&](std::int64_t size) {
    return (size + 2 * steps.padding - reach) / steps.stride + 1;
  };
  at::Tensor const out =
      at::empty({x.size(0), x.size(1), moves(x.size(2)), moves(x.size(3))},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  if (out.numel() == 0) return out;
  kernels::Depthwise const c{.x = map.const_data_ptr<float>(),
                             .weight = weights.weight.const_data_ptr<float>(),
                             .bias = weights.bias.const_data_ptr<float>(),
                             .out = out.mutable_data_ptr<float>(),
                             .batch = x.size(0),
                             .height = x.size(2),
                             .width = x.size(3),
                             .channels = x.size(1),
                             .padded = weights.weight.size(2),
                             .out_height = out.size(2),
                             .out_width = out.size(3),
                             .kernel = kernel,
                             .stride = steps.stride,
                             .padding = steps.padding,
                             .dilation = steps.dilation,
                             .relu = relu};
  // A thread's start costs as much as some hundred thousand multiplications.
  std::int64_t const row = out.size(3) * out.size(1) * kernel * kernel;
  parallel_for(c.out_rows(), (1 << 18) / row + 1, [&](std::int64_t first, std::int64_t last) {
    kernels::cpu::dispatch(kernels::DepthwiseRows{c, first, last});
  });
  return out;
}

}  // namespace vlsm::ops
