// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <cstdio>

#include "support/doctest.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/ops/convolution/depthwise.hpp"

// The depthwise convolution of ops/ against at::conv2d in double precision.
namespace {

using namespace vlsm;

at::Tensor last(at::Tensor const& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

}  // namespace

TEST_CASE("depthwise on tensors: the convolutions of DeepLabV3+, and steps that no model takes") {
  at::NoGradGuard const no_grad;
  at::manual_seed(1);
  double worst = 0;
  for (ops::ConvSteps const& steps :
       {ops::ConvSteps{1, 1, 1}, {1, 12, 12}, {1, 24, 24}, {1, 36, 36}, {2, 1, 1}, {3, 0, 2}})
    for (std::int64_t channels : {40, 304})
      for (bool bias : {false, true}) {
        at::Tensor const x = last(at::randn({2, channels, 16, 13})),
                         weight = at::randn({channels, 1, 3, 3}) / 3,
                         b = bias ? at::randn({channels}) : at::Tensor();
        auto const packed = ops::pack_depthwise(weight, b);
        at::Tensor const exact =
            at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), bias ? b.to(at::kDouble) : b,
                       steps.stride, steps.padding, steps.dilation, channels);
        at::Tensor const y = ops::depthwise_convolution(x, packed, steps);
        CHECK(y.sizes() == exact.sizes());
        CHECK(y.is_contiguous(at::MemoryFormat::ChannelsLast));
        worst = std::max(worst, (y - exact).abs().max().item<double>());
        CHECK(ops::depthwise_convolution(x, packed, steps, true).equal(y.relu()));
      }
  std::printf("depthwise: largest error %.2g\n", worst);
  CHECK(worst < 3e-6);
}

TEST_CASE("depthwise on tensors: any strides, an empty batch, and any number of threads") {
  at::NoGradGuard const no_grad;
  at::manual_seed(2);
  auto const packed = ops::pack_depthwise(at::randn({35, 1, 5, 5}), at::randn({35}));
  at::Tensor const map = at::randn({3, 64, 40, 38}).slice(1, 3, 38).slice(3, 1, 38);
  at::Tensor const y = ops::depthwise_convolution(map, packed, {.padding = 2});
  CHECK(ops::depthwise_convolution(last(map), packed, {.padding = 2}).equal(y));
  CHECK(ops::depthwise_convolution(map.slice(0, 0, 0), packed, {}).sizes() ==
        at::IntArrayRef({0, 35, 36, 33}));
  int const before = at::get_num_threads();
  for (int threads : {1, 2, 3, 7}) {
    at::set_num_threads(threads);
    CHECK(ops::depthwise_convolution(map, packed, {.padding = 2}).equal(y));
  }
  at::set_num_threads(before);
}

TEST_CASE("depthwise on tensors: what does not fit is refused in one line") {
  at::Tensor const weight = at::randn({6, 1, 3, 3}), x = at::randn({1, 6, 8, 8});
  auto const packed = ops::pack_depthwise(weight);
  auto const refused = [&](auto const& call, char const* line) {
    CHECK_THROWS_WITH_AS(call(), line, Error);
  };
  refused(
      [&] {
        ops::pack_depthwise(at::randn({6, 2, 3, 3}));
      },
      "the weight is not that of a convolution of each channel by itself: depthwise "
      "convolution: [6, 2, 3, 3]: pass [channels, 1, K, K]");
  refused([&] { ops::pack_depthwise(weight, at::randn({4})); },
          "the bias does not fit the weight: depthwise convolution: bias [4], weight [6, 1, 3, 3]: "
          "pass it as [out]");
  refused([&] { ops::pack_depthwise(weight.to(at::kHalf)); },
          "only float32 on the CPU is taken: depthwise convolution: the weight is Half on cpu: use "
          "at::conv2d there");
  refused([&] { ops::depthwise_convolution(x, {}, {}); },
          "no weights: depthwise convolution: an empty DepthwiseWeights: make them by "
          "pack_depthwise");
  refused(
      [&] { ops::depthwise_convolution(x, packed, {.stride = 0}); },
      "no such steps: depthwise convolution: stride 0, padding 0, dilation 1: pass a stride and "
      "a dilation of 1 or more, a padding of 0 or more");
  refused([&] { ops::depthwise_convolution(x, packed, {.dilation = 4}); },
          "the map does not fit the weights: depthwise convolution: [1, 6, 8, 8]: pass [B, 6, H, "
          "W], H and W at least 9");
  refused(
      [&] {
        ops::depthwise_convolution(at::randn({1, 5, 8, 8}), packed, {});
      },
      "the map does not fit the weights: depthwise convolution: [1, 5, 8, 8]: pass [B, 6, H, "
      "W], H and W at least 3");
  at::AutoGradMode const on(true);
  refused([&] { ops::depthwise_convolution(x.detach().requires_grad_(true), packed, {}); },
          "there is no gradient: depthwise convolution: an input requires one: use at::conv2d, or "
          "at::NoGradGuard");
}
