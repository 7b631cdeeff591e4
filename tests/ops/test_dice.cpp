// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include <mutex>
#include <set>
#include <thread>

#include "support/doctest.hpp"
#include "support/own_loss.hpp"
#include "support/recipe.hpp"
#include "vlsm/ops/segmentation_loss/dice.hpp"

// The fused segmentation losses against the composites in double, values and gradients.
namespace {

using namespace vlsm;
using Loss = std::function<at::Tensor(at::Tensor const&, at::Tensor const&, Backend)>;

struct NamedLoss {
  std::string name;
  Loss loss;
};

using Shape = std::vector<std::int64_t>;

constexpr DiceOptions sigmoid{.squash = Squash::sigmoid};

std::vector<NamedLoss> losses(Reduction reduction, bool batch) {
  DiceOptions dice{.squash = Squash::sigmoid, .batch = batch, .reduction = reduction};
  DiceOptions jaccard = dice;
  jaccard.jaccard = true;
  jaccard.smooth_numerator = 1;
  DiceCeOptions const ce{.dice = dice, .dice_weight = 0.7, .ce_weight = 2};
  TverskyOptions const tversky{
      .false_positive = 0.3, .false_negative = 0.7, .batch = batch, .reduction = reduction};
  TverskyOptions focal = tversky;
  focal.exponent = 0.75;
  DiceFocalOptions const dice_focal{
      .dice = jaccard, .focal_weight = 3, .gamma = 1.5, .foreground = 0.25, .background = 0.75};
  auto const with = [](auto function, auto options) -> Loss {
    return [=](at::Tensor const& x, at::Tensor const& t, Backend backend) {
      return function(x, t, options, backend);
    };
  };
  return {{"dice", with(ops::dice, dice)},
          {"jaccard", with(ops::dice, jaccard)},
          {"dice_ce", with(ops::dice_ce, ce)},
          {"dice_ce_of_probabilities", with(ops::dice_ce_of_probabilities, ce)},
          {"tversky", with(ops::tversky, tversky)},
          {"focal tversky", with(ops::tversky, focal)},
          {"dice_focal", with(ops::dice_focal, dice_focal)}};
}

struct Outcome {
  at::Tensor value, gradient;
};

Outcome outcome(Loss const& loss, at::Tensor const& logits, at::Tensor const& target,
                Backend backend) {
  at::Tensor const leaf = logits.detach().requires_grad_(true);
  at::Tensor const value = loss(leaf, target, backend);
  // Scaled, as training in float16 scales its loss: small gradients would underflow.
  at::Tensor const weight =
      4096 * test::recipe_uniform("weight", value.sizes()).abs().to(value.scalar_type());
  return {value.detach(), torch::autograd::grad({(value * weight).sum()}, {leaf})[0]};
}

/// Largest errors against the composite in double: absolute of the value, of the gradient relative
/// to its largest entry.
std::pair<double, double> errors(Loss const& loss, at::Tensor const& logits,
                                 at::Tensor const& target) {
  Outcome const actual = outcome(loss, logits, target, Backend::fused);
  Outcome const expected = outcome(loss, logits.to(at::kDouble), target, Backend::aten);
  CHECK(actual.value.sizes() == expected.value.sizes());
  CHECK((actual.value.scalar_type() == at::kFloat));
  CHECK((actual.gradient.scalar_type() == logits.scalar_type()));
  return {(actual.value.to(at::kDouble) - expected.value).abs().max().item<double>(),
          (actual.gradient.to(at::kDouble) - expected.gradient).abs().max().item<double>() /
              expected.gradient.abs().max().item<double>()};
}

at::Tensor mask_like(at::Tensor const& x) {
  return (test::recipe_image("mask", x.sizes()) > 0.3).to(at::kFloat);
}

TEST_CASE("values and gradients equal the composites' in double") {
  double worst_value = 0, worst_gradient = 0;
  for (auto const& shape : {Shape{3, 1, 37, 41}, {2, 3, 19, 8}, {2, 1, 200, 170}})
    for (Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
      for (bool batch : {false, true})
        for (NamedLoss const& one : losses(reduction, batch))
          for (at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
            std::string const what = one.name + " of " + c10::toString(type);
            INFO(what);
            // Cross-entropy over several channels is ATen's, in the logits' own precision.
            if (type != at::kFloat && shape[1] > 1 && one.name.starts_with("dice_ce")) continue;
            at::Tensor const x = test::recipe_uniform("logits", shape, 5).to(type);
            auto const [value, gradient] = errors(one.loss, x, mask_like(x));
            double const scale = reduction == Reduction::sum ? static_cast<double>(x.numel()) : 1;
            bool const exact = type == at::kFloat;
            CHECK(value <= 1e-6 * scale);
            CHECK(gradient <= (exact ? 1e-6 : type == at::kHalf ? 1e-3 : 8e-3));
            if (!exact) continue;
            worst_value = std::max(worst_value, value / scale);
            worst_gradient = std::max(worst_gradient, gradient);
          }
  std::printf("float32: largest error %.2g, of a gradient %.2g of its largest entry\n", worst_value,
              worst_gradient);
}

TEST_CASE("targets of any type and layout are read alike") {
  at::Tensor const x = test::recipe_uniform("logits", {2, 3, 21, 16}, 5);
  at::Tensor const mask = mask_like(x);
  for (NamedLoss const& one : losses(Reduction::mean, false)) {
    INFO(one.name);
    Outcome const expected = outcome(one.loss, x, mask, Backend::fused);
    auto const same = [&](at::Tensor const& logits, at::Tensor const& target) {
      Outcome const actual = outcome(one.loss, logits, target, Backend::fused);
      CHECK(actual.value.allclose(expected.value, 1e-6, 1e-7));
      CHECK(actual.gradient.allclose(expected.gradient, 1e-5, 1e-5));
    };
    for (at::ScalarType type : {at::kByte, at::kBool, at::kDouble, at::kLong, at::kHalf})
      same(x, mask.to(type));
    same(x.contiguous(at::MemoryFormat::ChannelsLast), mask);
    same(x, mask.contiguous(at::MemoryFormat::ChannelsLast));
    same(at::cat({x, x}, 3).slice(3, 0, 16), at::cat({mask, mask}, 2).slice(2, 0, 21));
  }
}

TEST_CASE("any number of threads gives the same bits") {
  at::Tensor const x = test::recipe_uniform("logits", {3, 1, 300, 301}, 5);
  at::Tensor const mask = mask_like(x);
  int const threads = at::get_num_threads();
  for (NamedLoss const& one : losses(Reduction::mean, false)) {
    INFO(one.name);
    at::set_num_threads(1);
    Outcome const alone = outcome(one.loss, x, mask, Backend::fused);
    for (int count : {2, 3}) {
      at::set_num_threads(count);
      Outcome const several = outcome(one.loss, x, mask, Backend::fused);
      CHECK(alone.value.equal(several.value));
      CHECK(alone.gradient.equal(several.gradient));
    }
  }
  at::set_num_threads(threads);
}

TEST_CASE("stretches of a parallel loop meet every index once, in several threads") {
  int const threads = at::get_num_threads();
  at::set_num_threads(3);
  std::mutex mutex;
  std::vector<int> met(1001);
  std::set<std::thread::id> workers;
  ops::parallel_for(1001, 7, [&](std::int64_t first, std::int64_t last) {
    std::lock_guard const lock(mutex);
    workers.insert(std::this_thread::get_id());
    for (std::int64_t i = first; i < last; ++i) ++met[static_cast<std::size_t>(i)];
  });
  at::set_num_threads(threads);
  CHECK(met == std::vector<int>(1001, 1));
  CHECK(workers.size() == 3);
}

TEST_CASE("extreme logits, empty masks and single pixels stay finite") {
  for (auto const& shape : {Shape{2, 1, 1, 1}, {2, 1, 9, 7}})
    for (double logit : {1e4, -1e4, 0.0})
      for (double filled : {0.0, 1.0})
        for (at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16})
          for (NamedLoss const& one : losses(Reduction::mean, false)) {
            std::string const what = one.name + " of " + c10::toString(type);
            INFO(what, " ", logit, ", mask ", filled);
            at::Tensor const x = at::full(shape, logit).to(type), t = at::full(shape, filled);
            Outcome const result = outcome(one.loss, x, t, Backend::fused);
            CHECK(result.value.isfinite().all().item<bool>());
            CHECK(result.gradient.isfinite().all().item<bool>());
            double const expected = one.loss(x.to(at::kDouble), t, Backend::aten).item<double>();
            CHECK(result.value.item<double>() == doctest::Approx(expected).epsilon(1e-5));
          }
}

TEST_CASE("a logit that is not a number makes the loss one that is not") {
  at::Tensor const x = test::recipe_uniform("logits", {1, 1, 20, 20});
  x[0][0][3][4] = std::numeric_limits<float>::quiet_NaN();
  for (NamedLoss const& one : losses(Reduction::mean, false)) {
    INFO(one.name);
    CHECK(one.loss(x, mask_like(x), Backend::fused).isnan().item<bool>());
  }
}

TEST_CASE("what the kernels leave out is the composite's") {
  at::Tensor const x = test::recipe_uniform("logits", {2, 2, 6, 5}, 3), t = mask_like(x);
  at::Tensor const wide = x.to(at::kDouble);
  CHECK((ops::dice(wide, t, sigmoid).scalar_type() == at::kDouble));
  CHECK(ops::dice(wide, t, sigmoid).equal(dice_loss(wide, t, sigmoid)));
  for (DiceOptions const& options : {DiceOptions{.squash = Squash::softmax}, DiceOptions{},
                                     DiceOptions{.squash = Squash::sigmoid, .squared = true},
                                     DiceOptions{.squash = Squash::sigmoid, .background = false}})
    CHECK(ops::dice(x, t, options).equal(dice_loss(x, t, options)));
  CHECK(ops::dice_ce(x, t, {.dice = sigmoid}).equal(dice_ce_loss(x, t, {.dice = sigmoid})));
  // A target that wants a gradient gets one.
  at::Tensor const soft = t.clone().requires_grad_(true);
  ops::dice(x, soft, sigmoid).backward();
  CHECK(soft.grad().abs().max().item<double>() > 0);
}

TEST_CASE("a loss of one's own is two functors") {
  at::Tensor const x = test::recipe_uniform("logits", {2, 1, 40, 33}, 3), t = mask_like(x);
  Loss const loss = [](at::Tensor const& logits, at::Tensor const& target, Backend backend) {
    if (backend == Backend::fused)
      return ops::fused_loss(
          logits, target,
          ops::RegionLossOf<test::Marked, test::Brier>{.region_weight = 0.01, .term_weight = 5});
    at::Tensor const p = at::sigmoid(logits);
    return 0.01 * p.sum({1, 2, 3}).mean() + 5 * (p - target).square().mean();
  };
  auto const [value, gradient] = errors(loss, x, t);
  CHECK(value <= 1e-6);
  CHECK(gradient <= 1e-6);
}

TEST_CASE("what the fused losses cannot take is refused in one line") {
  at::Tensor const x = at::zeros({1, 1, 4, 4}, at::kDouble);
  CHECK_THROWS_WITH_AS(
      ops::fused_loss(x, at::zeros({1, 1, 4, 4}), ops::RegionLossOf<kernels::Dice>{}),
      "the fused losses do not take these tensors: Double on cpu: give logits as float32, float16 "
      "or bfloat16 on the CPU and a mask without gradient",
      Error);
  CHECK_THROWS_WITH_AS(ops::dice(x, at::zeros({1, 1, 4, 5}), sigmoid),
                       "prediction and target differ in shape: [1, 1, 4, 4] against [1, 1, 4, 5]: "
                       "give both as [B, C, H, W]",
                       Error);
  at::Tensor const leaf = at::zeros({1, 1, 4, 4}).requires_grad_(true);
  at::Tensor const value = ops::dice(leaf, at::zeros({1, 1, 4, 4}), sigmoid);
  CHECK_THROWS_WITH_AS(torch::autograd::grad({value}, {leaf}, {}, true, /*create_graph=*/true),
                       "the fused kernels have no second derivative: segmentation loss: choose "
                       "Backend::aten",
                       Error);
}

}  // namespace
