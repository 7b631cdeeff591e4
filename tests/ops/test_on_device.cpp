// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "ops/attention_results.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/ops/dice.hpp"

// The operators on a GPU against their definition in double on the CPU; needs a card, and a build
// with VLSM_CUDA.
#define VLSM_NEEDS_DEVICE() \
  if (!at::hasCUDA()) VLSM_SKIP("no device")

namespace {

using namespace vlsm;
using ops::AttentionOptions;
using Inputs = test::AttentionInputs;

double error(at::Tensor const& actual, at::Tensor const& expected) {
  return (actual.to(at::kCPU, at::kDouble) - expected).abs().max().item<double>();
}

/// `rounding`: of the type that is multiplied.
void check(at::ScalarType type, double rounding, AttentionOptions options, std::int64_t queries,
           std::int64_t keys, std::int64_t dim) {
  auto const made = [&](std::int64_t rows) { return at::randn({3, rows, 2, dim}).to(type); };
  Inputs const in{made(queries), made(keys), made(keys), made(queries)};
  auto const expected = test::attention_results(in.to(at::kDouble), options, Backend::cublas);
  AttentionOptions on_device = options;
  if (options.lengths.defined()) on_device.lengths = options.lengths.to(at::kCUDA);
  auto const found = test::attention_results(in.to(at::kCUDA), on_device, Backend::fused),
             again = test::attention_results(in.to(at::kCUDA), on_device, Backend::fused);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double const size = expected[i].abs().max().item<double>();
    INFO("result ", i, ", q ", queries, ", k ", keys, ", dim ", dim);
    CHECK(error(found[i], expected[i]) <= 8 * rounding * size + 1e-12);
    CHECK(found[i].equal(again[i]));
  }
}

void check_all(at::ScalarType type, double rounding) {
  for (std::int64_t dim : {16, 32, 64, 80, 128}) check(type, rounding, {}, 99, 77, dim);
  for (std::int64_t keys : {1, 7, 17, 128, 256, 300}) check(type, rounding, {}, 676, keys, 64);
  check(type, rounding, {.lengths = at::tensor({0, 1, 17}, at::kInt)}, 19, 17, 32);
  check(type, rounding, {.dropout = 0.25, .seed = 7, .offset = 3}, 99, 17, 64);
}

}  // namespace

TEST_CASE("on a device: fusion attention in float32") {
  VLSM_NEEDS_DEVICE();
  at::globalContext().setAllowTF32CuBLAS(false);
  check_all(at::kFloat, 1e-6);
}

TEST_CASE("on a device: fusion attention in TF32") {
  VLSM_NEEDS_DEVICE();
  at::globalContext().setAllowTF32CuBLAS(true);
  check_all(at::kFloat, 1.0 / 1024);
  at::globalContext().setAllowTF32CuBLAS(false);
}

TEST_CASE("on a device: fusion attention in float16 and bfloat16") {
  VLSM_NEEDS_DEVICE();
  check_all(at::kHalf, 1.0 / 1024);
  check_all(at::kBFloat16, 1.0 / 128);
}

TEST_CASE("on a device: Dice and cross-entropy of every type") {
  VLSM_NEEDS_DEVICE();
  at::Tensor const logits = 3 * at::randn({3, 1, 53, 71}),
                   target = (at::rand(logits.sizes()) > 0.7);
  DiceCeOptions const options{.dice = {.squash = Squash::sigmoid}, .ce_weight = 0.2};
  auto const value_and_gradient = [&](at::Tensor const& x, at::Tensor const& t, Backend backend) {
    at::Tensor const leaf = x.detach().requires_grad_(true);
    at::Tensor const value = ops::dice_ce(leaf, t, options, backend);
    return std::pair{value.detach(), torch::autograd::grad({value}, {leaf})[0]};
  };
  for (auto const& [type, rounding] : {std::pair{at::kFloat, 1e-6}, {at::kHalf, 1e-3}}) {
    at::Tensor const x = logits.to(type);
    auto const [value, gradient] =
        value_and_gradient(x.to(at::kDouble), target.to(at::kDouble), Backend::aten);
    for (at::ScalarType mask : {at::kFloat, at::kByte, at::kBool}) {
      auto const [found, slope] =
          value_and_gradient(x.to(at::kCUDA), target.to(at::kCUDA, mask), Backend::fused);
      CHECK(error(found, value) <= 1e-5 * value.item<double>());
      CHECK(error(slope, gradient) <= 8 * rounding * gradient.abs().max().item<double>());
      CHECK(slope.equal(
          value_and_gradient(x.to(at::kCUDA), target.to(at::kCUDA, mask), Backend::fused).second));
    }
  }
}
