// SPDX-License-Identifier: MIT
#include <ATen/autocast_mode.h>
#include <torch/autograd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "support/doctest.hpp"
#include "vlsm/nn/positions.hpp"
#include "vlsm/nn/resize.hpp"

// Resizing by products of matrices, as on a GPU, against LibTorch's.
namespace {

using namespace vlsm;

double difference(at::Tensor const& a, at::Tensor const& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a - b).abs().max().item<double>();
}

/// The larger of the differences of both results and of their derivatives with respect to `x`.
double difference_with_gradient(at::Tensor const& a, at::Tensor const& b, at::Tensor const& x) {
  at::Tensor const by = at::randn_like(a);
  auto const gradient = [&](at::Tensor const& of) {
    return torch::autograd::grad({of}, {x}, {by}, /*retain_graph=*/true)[0];
  };
  return std::max(difference(a, b), difference(gradient(a), gradient(b)));
}

TEST_CASE("products resize maps as LibTorch does") {
  at::manual_seed(1);
  double largest = 0;
  for (auto const& [height, width, to_height, to_width] :
       {std::array{14l, 14l, 22l, 22l}, {7l, 9l, 21l, 4l}, {26l, 5l, 13l, 10l}, {1l, 3l, 8l, 8l}})
    for (Resize const by : {Resize::bilinear, Resize::bicubic})
      for (bool const corners : {false, true}) {
        at::Tensor const x = at::randn({2, 3, height, width}, at::kDouble).requires_grad_(true);
        auto const weights = [&](std::int64_t from, std::int64_t to) {
          return vlsm::detail::resize_weights(from, to, by, corners, vlsm::detail::wide_options(x));
        };
        largest = std::max(largest,
                           difference_with_gradient(
                               vlsm::detail::resize_by_torch(x, to_height, to_width, by, corners),
                               vlsm::detail::ProductResize::apply(x, weights(height, to_height),
                                                                  weights(width, to_width)),
                               x));
      }
  std::printf("largest difference %.2g\n", largest);
  CHECK(largest < 1e-12);
}

TEST_CASE("a table of positions is resized as LibTorch's bicubic does, under an autocast too") {
  at::manual_seed(1);
  double largest = 0;
  for (auto const& [side, height, width] :
       {std::array{14l, 22l, 22l}, {14l, 7l, 30l}, {13l, 13l, 26l}, {7l, 13l, 13l}}) {
    at::Tensor const table = at::randn({1 + side * side, 64}).requires_grad_(true);
    at::Tensor const grid = table.slice(0, 1).view({1, side, side, 64}).permute({0, 3, 1, 2});
    at::Tensor const resized = at::upsample_bicubic2d(grid, {height, width}, false);
    at::Tensor const expected = at::cat({table.slice(0, 0, 1), resized.flatten(2)[0].t()});
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::Tensor const found = resize_position_table(table, height, width);
    at::autocast::set_autocast_enabled(at::kCPU, false);
    largest = std::max(largest, difference_with_gradient(expected, found, table));
  }
  std::printf("largest difference %.2g\n", largest);
  CHECK(largest < 2e-5);
}

TEST_CASE("what an inference resized trains afterwards") {
  at::Tensor const table = at::randn({1 + 9, 4});
  {
    at::InferenceMode const inference;
    resize_position_table(table, 5, 4);
  }
  at::Tensor const trained = table.clone().requires_grad_(true);
  resize_position_table(trained, 5, 4).square().sum().backward();
  CHECK(trained.grad().abs().sum().item<double>() > 0);
}

}  // namespace
