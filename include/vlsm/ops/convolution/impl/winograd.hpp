// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <string>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/convolution/cpu.hpp"
#include "vlsm/kernels/convolution/pack.hpp"
#include "vlsm/ops/convolution/impl/check.hpp"
#include "vlsm/ops/convolution/winograd.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

namespace detail {

inline constexpr char const* winograd_name = "winograd convolution";

[[noreturn]] inline void fail_winograd(char const* what, std::string const& where,
                                       char const* remedy) {
  throw Error(what, std::string(winograd_name) + ": " + where, remedy);
}

/// Throws Error for maps that do not fit; `shape` becomes the result's.
inline void check_winograd(std::vector<ConvolutionInput> const& inputs,
                           WinogradWeights const& weights, at::Tensor const& residual,
                           std::array<std::int64_t, 4>& shape) {
  if (!weights.filter.defined())
    fail_winograd("no weights", "an empty WinogradWeights", "make them by pack_winograd");
  if (inputs.empty() || inputs.size() > std::size_t{kernels::winograd::most_inputs})
    fail_winograd("too few or too many maps", std::to_string(inputs.size()) + " inputs",
                  "pass 1 to 8, or concatenate some");
  std::int64_t channels = 0;
  for (ConvolutionInput const& input : inputs) {
    if (!input.map.defined() || input.map.dim() != 4)
      fail_winograd("an input is no map",
                    input.map.defined() ? shape_text(input.map.sizes()) : "an undefined tensor",
                    "pass [B, C, H, W]");
    check_convolution_number(winograd_name, input.map, "an input");
    std::int64_t const times = input.upsample ? 2 : 1;
    std::array<std::int64_t, 4> const own{input.map.size(0), weights.out, input.map.size(2) * times,
                                          input.map.size(3) * times};
    if (&input == &inputs[0]) shape = own;
    if (own != shape)
      fail_winograd("the inputs differ in batch, height or width",
                    shape_text(inputs[0].map.sizes()) +
                        (inputs[0].upsample ? " twice as large" : "") + " and " +
                        shape_text(input.map.sizes()) + (input.upsample ? " twice as large" : ""),
                    "resize one of them");
    channels += input.map.size(1);
  }
  if (channels != weights.in)
    fail_winograd("the inputs have another number of channels than the weights",
                  std::to_string(channels) + " against " + std::to_string(weights.in),
                  "pass the maps that the weights were trained for");
  if (residual.defined()) {
    if (residual.sizes() != at::IntArrayRef(shape))
      fail_winograd("the residual does not fit the result",
                    shape_text(residual.sizes()) + " against " + shape_text(shape),
                    "give both one shape");
    check_convolution_number(winograd_name, residual, "the residual");
  }
}

}  // namespace detail

VLSM_INLINE WinogradWeights pack_winograd(at::Tensor const& weight, at::Tensor const& bias,
                                          int tile) {
  using namespace kernels;
  if (tile != 2 && tile != 4)
    detail::fail_winograd("no such tile", std::to_string(tile), "choose 2 or 4");
  if (!weight.defined() || weight.dim() != 4 || weight.size(2) != 3 || weight.size(3) != 3 ||
      weight.numel() == 0)
    detail::fail_winograd("the weight is not that of a 3 x 3 convolution",
                          weight.defined() ? shape_text(weight.sizes()) : "an undefined tensor",
                          "pass [out, in, 3, 3]");
  std::int64_t const out = weight.size(0), in = weight.size(1), columns = cpu::in_panels(out);
  detail::check_convolution_number(detail::winograd_name, weight, "the weight");
  if (bias.defined()) detail::check_convolution_bias(detail::winograd_name, bias, weight);
  at::NoGradGuard const no_grad;
  at::TensorOptions const numbers = at::TensorOptions(at::kFloat);
  WinogradWeights packed{
      at::empty({(tile + 2) * (tile + 2), columns / cpu::panel, in, cpu::panel}, numbers),
      at::zeros({columns}, numbers), in, out, tile};
  detail::prefer_huge_pages(packed.filter);
  if (bias.defined()) packed.bias.narrow(0, 0, out).copy_(bias);
  at::Tensor const dense = weight.detach().contiguous();
  auto const pack = [&]<int size>() {
    parallel_for(columns / cpu::panel, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t panel = first; panel < last; ++panel)
        cpu::dispatch(winograd::PackPanel<size>{dense.const_data_ptr<float>(), out, in, panel,
                                                packed.filter.mutable_data_ptr<float>()});
    });
  };
  tile == 2 ? pack.template operator()<2>() : pack.template operator()<4>();
  return packed;
}

VLSM_INLINE at::Tensor winograd_convolution(std::vector<ConvolutionInput> const& inputs,
                                            WinogradWeights const& weights,
                                            ConvolutionOptions const& options) {
  using namespace kernels;
  if (options.dilation < 1)
    detail::fail_winograd("no such dilation", std::to_string(options.dilation), "pass 1 or more");
  std::array<std::int64_t, 4> shape{};
  detail::check_winograd(inputs, weights, options.residual, shape);
  for (ConvolutionInput const& input : inputs)
    detail::check_convolution_gradient(detail::winograd_name, {input.map, options.residual});
  auto const last = [](at::Tensor const& x) {
    return x.defined() ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
  };
  at::Tensor const out =
      at::empty(shape, at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  if (out.numel() == 0) return out;
  detail::prefer_huge_pages(out);
  winograd::Convolution c;
  c.weights = {weights.filter.const_data_ptr<float>(), weights.bias.const_data_ptr<float>(),
               weights.in, weights.out, weights.tile};
  c.batch = shape[0], c.height = shape[2], c.width = shape[3];
  std::vector<at::Tensor> maps;  // keeps copies alive
  for (ConvolutionInput const& input : inputs) {
    at::Tensor const& map = maps.emplace_back(last(input.map));
    c.inputs[c.input_count++] = {map.const_data_ptr<float>(), map.size(1), input.upsample ? 2 : 1};
  }
  at::Tensor const residual = last(options.residual);
  if (residual.defined()) c.residual = residual.const_data_ptr<float>();
  c.out = out.mutable_data_ptr<float>();
  c.relu = options.relu, c.dilation = options.dilation;

  winograd::Plan const plan(c, detail::threads_for(out.numel() * weights.in * 9 / 4));
  parallel_for(plan.tasks(), 1, [&](std::int64_t first, std::int64_t end) {
    float* const scratch = detail::thread_scratch(plan.scratch());
    for (std::int64_t task = first; task < end; ++task) winograd::run_task(c, plan, task, scratch);
  });
  return out;
}

}  // namespace vlsm::ops
