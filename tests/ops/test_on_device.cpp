// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "ops/attention_results.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/ops/add_norm/add_norm.hpp"
#include "vlsm/ops/film/film.hpp"
#include "vlsm/ops/segmentation_loss/dice.hpp"

#ifdef VLSM_KERNELS
#include "support/captured.hpp"
#endif

// The operators on a GPU against their definition in double on the CPU; needs a GPU, and a build
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
  auto const expected = test::attention_results(in.to(at::kDouble), options, Backend::matmul);
  AttentionOptions on_device = options;
  if (options.lengths.defined()) on_device.lengths = options.lengths.to(at::kCUDA);
  auto const found = test::attention_results(in.to(at::kCUDA), on_device, Backend::fused),
             again = test::attention_results(in.to(at::kCUDA), on_device, Backend::fused);
  double largest = 0;
  for (at::Tensor const& result : expected)
    largest = std::max(largest, result.abs().max().item<double>());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double const size = expected[i].abs().max().item<double>();
    INFO("result ", i, ", q ", queries, ", k ", keys, ", dim ", dim);
    // Of one key the gradients with respect to q and k are differences of two equal numbers: 0 in
    // float32, and else as far from it as the factors were rounded.
    bool const cancels = size == 0 && rounding > 1e-6;
    CHECK(error(found[i], expected[i]) <= 8 * rounding * (cancels ? largest : size) + 1e-12);
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

/// A result and its gradients on the device, of `of(inputs)`, against the same in double on the
/// CPU; the same bits twice.
template <class Of>
void check_operator(std::vector<at::Tensor> const& inputs, Of const& of) {
  for (auto const& [type, rounding] :
       {std::pair{at::kFloat, 1e-6}, {at::kHalf, 1.0 / 1024}, {at::kBFloat16, 1.0 / 128}}) {
    auto const results = [&](at::TensorOptions const& options, Backend backend) {
      std::vector<at::Tensor> leaves;
      for (at::Tensor const& x : inputs)
        leaves.push_back(x.to(type).to(options).detach().requires_grad_(true));
      at::Tensor const y = of(leaves, backend);
      auto all = torch::autograd::grad({y}, leaves, {y.detach()});
      all.push_back(y.detach());
      return all;
    };
    std::vector<at::Tensor> const exact = results(at::kDouble, Backend::aten),
                                  found = results(at::kCUDA, Backend::fused),
                                  again = results(at::kCUDA, Backend::fused);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      CHECK(error(found[i], exact[i]) <= 8 * rounding * exact[i].abs().max().item<double>());
      CHECK(found[i].equal(again[i]));
    }
  }
}

TEST_CASE("on a device: FiLM of tokens and maps") {
  VLSM_NEEDS_DEVICE();
  for (std::vector<std::int64_t> const& shape :
       std::vector<std::vector<std::int64_t>>{{3, 485, 64}, {2, 39, 64}, {2, 64, 26, 26}})
    check_operator({at::randn(shape), at::randn({shape[0], 64}), at::randn({shape[0], 64}),
                    at::randn({64}), at::randn(shape)},
                   [](std::vector<at::Tensor> const& in, Backend backend) {
                     return ops::film(in[0], in[1], in[2], {in[3], in[4]}, backend);
                   });
}

TEST_CASE("on a device: FiLM of a map whose channels come last, as it lies") {
  VLSM_NEEDS_DEVICE();
  auto const last = at::MemoryFormat::ChannelsLast;
  at::Tensor const map = at::randn({2, 64, 26, 26}), scale = at::randn({2, 64}),
                   shift = at::randn({2, 64});
  at::Tensor const found =
      ops::film(map.to(at::kCUDA).contiguous(last), scale.to(at::kCUDA), shift.to(at::kCUDA));
  CHECK(found.is_contiguous(last));
  CHECK(error(found, ops::film(map, scale, shift).to(at::kDouble)) < 1e-5);
}

TEST_CASE("on a device: residual and norm") {
  VLSM_NEEDS_DEVICE();
  for (std::int64_t columns : {39, 64, 512, 768, 2048})
    check_operator({at::randn({77, columns}), at::randn({77, columns}), at::randn({columns}),
                    at::randn({columns})},
                   [](std::vector<at::Tensor> const& in, Backend backend) {
                     auto const [norm, sum] =
                         ops::add_norm(in[0], in[1], in[2], in[3], {}, backend);
                     return norm + sum.square();
                   });
  // Types as autocast mixes them: the kernels' results are not far from the CPU's.
  for (auto const& [type, other] : {std::pair{at::kBFloat16, at::kFloat},
                                    {at::kFloat, at::kHalf},
                                    {at::kBFloat16, at::kBFloat16}}) {
    at::Tensor const rows = at::randn({77, 768}).to(type),
                     residual = at::randn({77, 768}).to(other), weight = at::randn({768}),
                     bias = at::randn({768});
    auto const here = ops::add_norm(rows, residual, weight, bias),
               there = ops::add_norm(rows.to(at::kCUDA), residual.to(at::kCUDA),
                                     weight.to(at::kCUDA), bias.to(at::kCUDA));
    CHECK((there.norm.scalar_type() == here.norm.scalar_type()));
    CHECK(there.sum.cpu().equal(here.sum));
    CHECK(error(there.norm, here.norm.to(at::kDouble)) <
          (here.norm.scalar_type() == at::kFloat ? 1e-5 : 0.1));
  }
  // Dropout leaves the residual where it drops, on a GPU as on a CPU.
  at::Tensor const x = at::ones({300, 64}), one = at::ones({64});
  auto const sum = [&](at::Device device) {
    return ops::add_norm(x.to(device), x.to(device), one.to(device), one.to(device),
                         {.dropout = 0.25, .seed = 7})
        .sum.cpu();
  };
  CHECK(sum(at::kCUDA).equal(sum(at::kCPU)));
}

TEST_CASE("on a device: Dice and cross-entropy of every type") {
  VLSM_NEEDS_DEVICE();
  DiceCeOptions const options{.dice = {.squash = Squash::sigmoid}, .ce_weight = 0.2};
  auto const value_and_gradient = [&](at::Tensor const& x, at::Tensor const& t, Backend backend) {
    at::Tensor const leaf = x.detach().requires_grad_(true);
    at::Tensor const value = ops::dice_ce(leaf, t, options, backend);
    return std::pair{value.detach(), torch::autograd::grad({value}, {leaf})[0]};
  };
  // Whole pieces of a thread and not, one block a plane and several.
  for (auto const& [height, width] :
       {std::pair{53l, 71l}, {64l, 64l}, {16l, 24l}, {352l, 352l}, {90l, 91l}})
    for (auto const& [type, rounding] : {std::pair{at::kFloat, 1e-6}, {at::kHalf, 1e-3}}) {
      INFO(height, " x ", width);
      at::Tensor const logits = 3 * at::randn({3, 1, height, width}),
                       target = (at::rand(logits.sizes()) > 0.7);
      at::Tensor const x = logits.to(type);
      auto const [value, gradient] =
          value_and_gradient(x.to(at::kDouble), target.to(at::kDouble), Backend::aten);
      for (at::ScalarType mask : {at::kFloat, at::kByte, at::kBool}) {
        auto const [found, slope] =
            value_and_gradient(x.to(at::kCUDA), target.to(at::kCUDA, mask), Backend::fused);
        CHECK(error(found, value) <= 1e-5 * value.item<double>());
        // Of large pictures float16's smallest numbers are no smaller than the entries.
        double const smallest = type == at::kHalf ? 6e-8 : 0;
        CHECK(error(slope, gradient) <=
              8 * rounding * gradient.abs().max().item<double>() + smallest);
        CHECK(slope.equal(
            value_and_gradient(x.to(at::kCUDA), target.to(at::kCUDA, mask), Backend::fused)
                .second));
      }
    }
}

#ifdef VLSM_KERNELS
TEST_CASE("on a device: every operator and its gradients are captured as a graph") {
  VLSM_NEEDS_DEVICE();
  auto const check_captured = [](char const* name, std::vector<at::Tensor> const& inputs,
                                 auto const& of) {
    INFO(name);
    std::vector<at::Tensor> leaves;
    for (at::Tensor const& x : inputs)
      leaves.push_back(x.to(at::kCUDA, at::kBFloat16).requires_grad_(true));
    auto const run = [&] {
      at::Tensor const y = of(leaves);
      auto all = torch::autograd::grad({y}, leaves, {at::ones_like(y)});
      all.push_back(y.detach());
      return all;
    };
    test::Captured const graph(run);
    {
      at::NoGradGuard const no_grad;  // a replay reads what the inputs hold then
      for (at::Tensor const& leaf : leaves) leaf.mul_(0.5);
    }
    auto const expected = run(), found = graph.replay();
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found[i].equal(expected[i]));
  };
  using List = std::vector<at::Tensor>;
  at::Tensor const lengths = at::tensor({3, 17}, at::kInt).to(at::kCUDA);
  for (std::int64_t keys : {17, 300})
    check_captured(
        "attention",
        {at::randn({2, 99, 2, 64}), at::randn({2, keys, 2, 64}), at::randn({2, keys, 2, 64})},
        [&](List const& in) {
          return ops::fusion_attention(in[0], in[1], in[2], {.lengths = lengths, .dropout = 0.25},
                                       Backend::fused);
        });
  check_captured("FiLM", {at::randn({2, 64, 26, 26}), at::randn({2, 64}), at::randn({2, 64})},
                 [](List const& in) { return ops::film(in[0], in[1], in[2], {}, Backend::fused); });
  check_captured("residual and norm",
                 {at::randn({77, 512}), at::randn({77, 512}), at::randn({512}), at::randn({512})},
                 [](List const& in) {
                   auto const [norm, sum] =
                       ops::add_norm(in[0], in[1], in[2], in[3], {.dropout = 0.25}, Backend::fused);
                   return norm + sum;
                 });
  at::Tensor const target = at::rand({2, 1, 53, 71}).gt(0.5).to(at::kCUDA);
  check_captured("Dice", {at::randn({2, 1, 53, 71})}, [&](List const& in) {
    return ops::dice_ce(in[0], target, {.dice = {.squash = Squash::sigmoid}}, Backend::fused);
  });
}
#endif
