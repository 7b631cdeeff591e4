// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>
#include <cstdio>

#include "support/doctest.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/ops/convolution/winograd.hpp"

// Winograd's convolution of ops/ against at::conv2d in double precision.
namespace {

using namespace vlsm;
using ops::ConvolutionInput, ops::ConvolutionOptions;

at::Tensor last(at::Tensor const& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

struct Layer {
  at::Tensor weight, bias;

  Layer(std::int64_t out, std::int64_t in)
      : weight(at::randn({out, in, 3, 3}) / std::sqrt(9.0 * static_cast<double>(in))),
        bias(0.1 * at::randn({out})) {}

  /// ATen's result in double.
  at::Tensor exact(std::vector<ConvolutionInput> const& inputs,
                   ConvolutionOptions const& options = {}) const {
    std::vector<at::Tensor> maps;
    for (ConvolutionInput const& input : inputs) {
      at::Tensor const map = input.map.to(at::kDouble);
      maps.push_back(
          input.upsample ? at::upsample_nearest2d(map, {2 * map.size(2), 2 * map.size(3)}) : map);
    }
    at::Tensor y = at::conv2d(at::cat(maps, 1), weight.to(at::kDouble), bias.to(at::kDouble), 1,
                              options.dilation, options.dilation);
    if (options.residual.defined()) y = y + options.residual;
    return options.relu ? y.relu() : y;
  }
};

/// The largest error, of the standard deviation of what is right.
double worst_error(at::Tensor const& found, at::Tensor const& exact) {
  CHECK(found.sizes() == exact.sizes());
  CHECK((found.scalar_type() == at::kFloat));
  CHECK(found.is_contiguous(at::MemoryFormat::ChannelsLast));
  return ((found - exact).abs().max() / exact.std()).item<double>();
}

}  // namespace

TEST_CASE("Winograd on tensors: the convolutions of the models, with all that can be added") {
  at::NoGradGuard const no_grad;
  at::manual_seed(1);
  double worst[5] = {};
  for (auto const [in, out, height, width, batch] : {std::array<std::int64_t, 5>{64, 64, 56, 56, 2},
                                                     {256, 256, 26, 26, 1},
                                                     {512, 512, 8, 8, 1},
                                                     {16, 16, 61, 67, 2},
                                                     {3, 40, 33, 17, 1}})
    for (int tile : {2, 4})
      for (bool more : {false, true}) {
        Layer const layer(out, in);
        auto const packed = ops::pack_winograd(layer.weight, layer.bias, tile);
        std::vector<ConvolutionInput> const inputs{{last(at::randn({batch, in, height, width}))}};
        ConvolutionOptions options;
        if (more) options = {last(at::randn({batch, out, height, width})), true};
        double const error = worst_error(ops::winograd_convolution(inputs, packed, options),
                                         layer.exact(inputs, options));
        CHECK(error < (tile == 2 ? 2e-5 : 8e-5));
        worst[tile] = std::max(worst[tile], error);
      }
  std::printf("Winograd: largest error %.2g of std by 2 x 2, %.2g by 4 x 4\n", worst[2], worst[4]);
}

TEST_CASE("Winograd on tensors: a decoder's step without enlarged and concatenated copies") {
  at::NoGradGuard const no_grad;
  at::manual_seed(2);
  Layer const layer(32, 24 + 16 + 5);
  auto const packed = ops::pack_winograd(layer.weight, layer.bias);
  std::vector<ConvolutionInput> const inputs{{last(at::randn({2, 24, 13, 9})), true},
                                             {last(at::randn({2, 16, 26, 18}))},
                                             {last(at::randn({2, 5, 13, 9})), true}};
  at::Tensor const y = ops::winograd_convolution(inputs, packed);
  CHECK(worst_error(y, layer.exact(inputs)) < 3e-5);
  at::Tensor const copy = at::cat({at::upsample_nearest2d(inputs[0].map, {26, 18}), inputs[1].map,
                                   at::upsample_nearest2d(inputs[2].map, {26, 18})},
                                  1);
  CHECK(ops::winograd_convolution({{copy}}, packed).equal(y));
}

TEST_CASE("Winograd on tensors: dilated") {
  at::NoGradGuard const no_grad;
  at::manual_seed(5);
  for (auto const [in, out, height, width, dilation] :
       {std::array<std::int64_t, 5>{512, 512, 16, 16, 2}, {64, 40, 21, 33, 4}, {20, 24, 5, 6, 6}}) {
    Layer const layer(out, in);
    std::vector<ConvolutionInput> const inputs{{last(at::randn({2, in, height, width}))}};
    ConvolutionOptions const options{
        .residual = last(at::randn({2, out, height, width})), .relu = true, .dilation = dilation};
    CHECK(worst_error(ops::winograd_convolution(
                          inputs, ops::pack_winograd(layer.weight, layer.bias), options),
                      layer.exact(inputs, options)) < 8e-5);
  }
}

TEST_CASE("Winograd on tensors: any strides, no bias, one map twice, inference mode") {
  at::NoGradGuard const no_grad;
  at::manual_seed(3);
  Layer layer(20, 14);
  at::Tensor const wide = at::randn({2, 9, 15, 24}), map = wide.slice(1, 1, 8).slice(3, 3, 20),
                   residual = at::randn({2, 15, 17, 20}).permute({0, 3, 1, 2});
  auto const packed = ops::pack_winograd(last(layer.weight), layer.bias);
  at::Tensor const y = ops::winograd_convolution({{map}, {map}}, packed, {residual, false});
  CHECK(worst_error(y, layer.exact({{map}, {map}}, {residual, false})) < 3e-5);
  CHECK(ops::winograd_convolution({{last(map)}, {last(map)}}, packed, {last(residual), false})
            .equal(y));
  layer.bias.zero_();
  auto const plain = ops::pack_winograd(layer.weight);
  c10::InferenceMode const mode;
  CHECK(worst_error(ops::winograd_convolution({{map}, {map}}, plain), layer.exact({{map}, {map}})) <
        3e-5);
}

TEST_CASE("Winograd on tensors: the same bits from any number of threads, and every time") {
  at::NoGradGuard const no_grad;
  at::manual_seed(4);
  int const before = at::get_num_threads();
  for (auto const [in, out, side] : {std::array<std::int64_t, 3>{100, 130, 40}, {512, 256, 8}})
    for (int tile : {2, 4}) {
      Layer const layer(out, in);
      at::Tensor const x = last(at::randn({1, in, side, side}));
      at::set_num_threads(1);
      auto const packed = ops::pack_winograd(layer.weight, layer.bias, tile);
      at::Tensor const once = ops::winograd_convolution({{x}}, packed);
      for (int threads : {2, 3, 5}) {
        at::set_num_threads(threads);
        auto const again = ops::pack_winograd(layer.weight, layer.bias, tile);
        CHECK(again.filter.equal(packed.filter));
        CHECK(ops::winograd_convolution({{x}}, packed).equal(once));
      }
    }
  at::set_num_threads(before);
}

TEST_CASE("Winograd on tensors: empty batches, and what does not fit is refused in one line") {
  at::Tensor const weight = at::randn({6, 4, 3, 3}), x = at::randn({1, 4, 8, 8});
  auto const packed = ops::pack_winograd(weight);
  CHECK(ops::winograd_convolution({{x.slice(0, 0, 0)}}, packed).sizes() ==
        at::IntArrayRef({0, 6, 8, 8}));
  CHECK(ops::winograd_convolution({{x.slice(2, 0, 0)}}, packed).numel() == 0);
  auto const refused = [&](auto const& call, char const* line) {
    CHECK_THROWS_WITH_AS(call(), line, Error);
  };
  refused([&] { ops::pack_winograd(weight, {}, 3); },
          "no such tile: winograd convolution: 3: choose 2 or 4");
  refused(
      [&] {
        ops::pack_winograd(at::randn({6, 4, 1, 1}));
      },
      "the weight is not that of a 3 x 3 convolution: winograd convolution: [6, 4, 1, 1]: pass "
      "[out, in, 3, 3]");
  refused([&] { ops::pack_winograd(weight, at::randn({4})); },
          "the bias does not fit the weight: winograd convolution: bias [4], weight [6, 4, 3, 3]: "
          "pass it as [out]");
  refused([&] { ops::pack_winograd(weight.to(at::kDouble)); },
          "only float32 on the CPU is taken: winograd convolution: the weight is Double on cpu: "
          "use at::conv2d there");
  refused([&] { ops::winograd_convolution({{x}}, {}); },
          "no weights: winograd convolution: an empty WinogradWeights: make them by pack_winograd");
  refused([&] { ops::winograd_convolution({}, packed); },
          "too few or too many maps: winograd convolution: 0 inputs: pass 1 to 8, or concatenate "
          "some");
  refused([&] { ops::winograd_convolution({{x[0]}}, packed); },
          "an input is no map: winograd convolution: [4, 8, 8]: pass [B, C, H, W]");
  refused([&] { ops::winograd_convolution({{x.to(at::kHalf)}}, packed); },
          "only float32 on the CPU is taken: winograd convolution: an input is Half on cpu: use "
          "at::conv2d there");
  refused(
      [&] {
        ops::winograd_convolution({{x}, {x, true}}, packed);
      },
      "the inputs differ in batch, height or width: winograd convolution: [1, 4, 8, 8] and [1, "
      "4, 8, 8] twice as large: resize one of them");
  refused(
      [&] {
        ops::winograd_convolution({{x}, {x}}, packed);
      },
      "the inputs have another number of channels than the weights: winograd convolution: 8 "
      "against 4: pass the maps that the weights were trained for");
  refused(
      [&] {
        ops::winograd_convolution({{x}}, packed, {x, false});
      },
      "the residual does not fit the result: winograd convolution: [1, 4, 8, 8] against [1, 6, "
      "8, 8]: give both one shape");
  refused([&] { ops::winograd_convolution({{x}}, packed, {.dilation = 0}); },
          "no such dilation: winograd convolution: 0: pass 1 or more");
  at::AutoGradMode const on(true);
  refused([&] { ops::winograd_convolution({{x.detach().requires_grad_(true)}}, packed); },
          "there is no gradient: winograd convolution: an input requires one: use at::conv2d, or "
          "at::NoGradGuard");
}
