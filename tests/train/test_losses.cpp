// SPDX-License-Identifier: MIT
#include <torch/autograd.h>

#include "support/reference.hpp"
#include "vlsm/metrics/overlap.hpp"
#include "vlsm/train/loss.hpp"

// Losses and metrics against MONAI's, values and gradients.
namespace {

using namespace vlsm;
using test::Reference;

DiceOptions options_of(nlohmann::json const& json) {
  DiceOptions o;
  o.squared = json.value("squared_pred", false);
  o.jaccard = json.value("jaccard", false);
  o.batch = json.value("batch", false);
  o.background = json.value("include_background", true);
  o.smooth_numerator = json.value("smooth_nr", 1e-5);
  o.smooth_denominator = json.value("smooth_dr", 1e-5);
  std::string const reduction = json.value("reduction", "mean");
  o.reduction = reduction == "sum"    ? Reduction::sum
                : reduction == "none" ? Reduction::none
                                      : Reduction::mean;
  return o;
}

at::Tensor loss_of(std::string const& name, at::Tensor const& x, at::Tensor const& target,
                   DiceOptions o) {
  if (name == "dice") return dice_loss(x, target, o);
  if (name == "tuned") return tuned_dice_loss(x, target, o);
  if (name == "dicece") return dice_ce_loss(x, target, {.dice = o});
  if (name == "dicece_l05_l2")
    return dice_ce_loss(x, target, {.dice = o, .dice_weight = 0.5, .ce_weight = 2});
  o.squash = name.find("softmax") != std::string::npos ? Squash::softmax : Squash::sigmoid;
  if (name.starts_with("dice_")) return dice_loss(x, target, o);
  return dice_ce_loss(x, target, {.dice = o});
}

std::vector<std::string> split(std::string const& text, char at) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

/// A loss of MONAI's with its gradient.
struct Stored {
  std::string tag, loss, seen, input;
  DiceOptions options;
  at::Tensor value, gradient;
};

std::vector<Stored> stored_losses(Reference const& reference) {
  std::vector<Stored> all;
  for (auto const& [name, value] : reference.all()) {
    if (!name.ends_with(".value") || name.starts_with("big.")) continue;
    std::string const tag = name.substr(0, name.size() - 6);
    auto const parts = split(tag, '|');  // LOSS|OPTION|PRE|CASE
    all.push_back({.tag = tag,
                   .loss = parts[0],
                   .seen = parts[2],
                   .input = parts[3],
                   .options = options_of(reference.info()["options"][parts[1]]),
                   .value = value,
                   .gradient = reference[tag + ".grad"]});
  }
  return all;
}

/// Compares losses and their gradients, and says how far they were off.
struct Comparison {
  double value = 0, gradient = 0;
  int compared = 0;

  void take(Stored const& expected, at::Tensor const& actual, at::Tensor const& input,
            double tolerance) {
    at::Tensor const got = actual.reshape(expected.value.sizes());
    at::Tensor const weight = expected.options.reduction == Reduction::none
                                  ? test::recipe_uniform("loss-weight:" + expected.tag, got.sizes())
                                  : at::ones_like(got);
    (got * weight).sum().backward();
    double const value_error = (got - expected.value).abs().max().item<double>();
    double const gradient_error = (input.grad() - expected.gradient).abs().max().item<double>() /
                                  std::max(expected.gradient.abs().max().item<double>(), 1e-12);
    CHECK(value_error <= tolerance);
    CHECK(gradient_error <= 1e-6);
    value = std::max(value, value_error);
    gradient = std::max(gradient, gradient_error);
    ++compared;
  }
  void print(char const* what) const {
    std::printf("%d %s: largest error %.2g, of a gradient %.2g of its largest entry\n", compared,
                what, value, gradient);
  }
};

TEST_CASE("losses and their gradients equal MONAI's") {
  auto const path = test::fixture("losses/losses.safetensors");
  VLSM_NEEDS(path, "losses/losses");
  Reference const reference(*path);
  auto const& not_finite = reference.info()["not_finite"];
  Comparison comparison;
  for (Stored const& stored : stored_losses(reference)) {
    INFO(stored.tag);
    at::Tensor const input = reference[stored.input + ".input"].clone().requires_grad_(true);
    at::Tensor target = reference[stored.input + ".target"];
    if (stored.loss.ends_with("_onehot"))
      target = at::one_hot(reference[stored.input + ".target_index"].squeeze(1).to(at::kLong),
                           input.size(1))
                   .permute({0, 3, 1, 2});
    at::Tensor const seen = stored.seen == "sigmoid" ? at::sigmoid(input) : input;
    at::Tensor const value = loss_of(stored.loss, seen, target, stored.options);
    if (not_finite.contains(stored.tag)) {
      CHECK(value.isfinite().all().item<bool>());  // images without a mask are left out instead
      continue;
    }
    CHECK(value.numel() == stored.value.numel());
    comparison.take(stored, value, input, 1e-6);
  }
  comparison.print("losses");
  CHECK(comparison.compared > 100);
}

/// The fused loss that equals a stored one, or none.
std::function<at::Tensor(at::Tensor const&, at::Tensor const&)> fused_of(std::string const& name,
                                                                         std::string const& seen,
                                                                         DiceOptions o) {
  o.squash = Squash::sigmoid;
  if (name == "dice" || name == "dice_sigmoid_inside")
    return [=](at::Tensor const& x, at::Tensor const& t) { return ops::dice(x, t, o); };
  DiceCeOptions ce{.dice = o};
  if (name == "dicece_l05_l2") ce.dice_weight = 0.5, ce.ce_weight = 2;
  if (name == "dicece_sigmoid_inside")
    return [=](at::Tensor const& x, at::Tensor const& t) { return ops::dice_ce(x, t, ce); };
  if (name.starts_with("dicece") && seen == "sigmoid")
    return [=](at::Tensor const& x, at::Tensor const& t) {
      return ops::dice_ce_of_probabilities(x, t, ce);
    };
  return {};
}

TEST_CASE("fused losses and their gradients equal MONAI's") {
  auto const path = test::fixture("losses/losses.safetensors");
  VLSM_NEEDS(path, "losses/losses");
  Reference const reference(*path);
  Comparison comparison;
  for (Stored const& stored : stored_losses(reference)) {
    auto const loss = fused_of(stored.loss, stored.seen, stored.options);
    if (!loss) continue;
    INFO(stored.tag);
    at::Tensor const input = reference[stored.input + ".input"].clone().requires_grad_(true);
    // A sum over pixels is a large number, and the reference adds it up in float.
    comparison.take(stored, loss(input, reference[stored.input + ".target"]), input,
                    1e-6 * std::max(stored.value.abs().max().item<double>(), 1.0));
  }
  comparison.print("fused losses");
  CHECK(comparison.compared > 300);
}

TEST_CASE("losses of large pictures equal MONAI's") {
  auto const path = test::fixture("losses/losses.safetensors");
  VLSM_NEEDS(path, "losses/losses");
  Reference const reference(*path);
  at::Tensor const target =
      (test::recipe_image("input:loss:bigt", {3, 1, 352, 352}) > 0.5).to(at::kFloat);
  for (std::string const name : {"dice", "dicece"}) {
    at::Tensor const input =
        test::recipe_uniform("input:loss:big", {3, 1, 352, 352}, 4).requires_grad_(true);
    at::Tensor const value = fused_of(name, "sigmoid", {})(input, target);
    value.backward();
    at::Tensor const composed = loss_of(name, at::sigmoid(input), target, {});
    CHECK((composed - value).abs().item<double>() <= 1e-6);
    double const error = (value - reference["big." + name + ".value"]).abs().max().item<double>();
    double const sum = reference["big." + name + ".grad_abs_sum"].item<double>();
    double const gradient_error = std::abs(input.grad().abs().sum().item<double>() - sum) / sum;
    std::printf("big %s: largest error %.2g, sum of gradients %.2g relative\n", name.c_str(), error,
                gradient_error);
    CHECK(error <= 1e-6);
    CHECK(gradient_error <= 1e-5);
  }
}

TEST_CASE("the study's loss has three meanings") {
  at::Tensor const logits = test::recipe_uniform("logits", {2, 1, 8, 8}, 3);
  at::Tensor const mask = (test::recipe_uniform("mask", {2, 1, 8, 8}) > 0).to(at::kFloat);
  double const dice = dice_loss(at::sigmoid(logits), mask).item<double>();
  auto const meaning = [&](SegmentationLoss m) {
    return segmentation_loss(logits, mask, m).item<double>();
  };
  CHECK(meaning(SegmentationLoss::dice) == doctest::Approx(dice));
  CHECK(meaning(SegmentationLoss::dice_ce_of_probabilities) ==
        doctest::Approx(
            dice +
            0.2 * at::binary_cross_entropy_with_logits(at::sigmoid(logits), mask).item<double>()));
  CHECK(meaning(SegmentationLoss::dice_ce) ==
        doctest::Approx(dice +
                        0.2 * at::binary_cross_entropy_with_logits(logits, mask).item<double>()));
}

TEST_CASE("the tuned Dice loss leaves images without a mask out") {
  at::Tensor const p = test::recipe_uniform("p", {2, 1, 6, 6}).abs().requires_grad_(true);
  at::Tensor mask = at::zeros({2, 1, 6, 6});
  mask[1].slice(1, 0, 3).fill_(1);
  CHECK(tuned_dice_loss(p, mask).item<double>() ==
        doctest::Approx(dice_loss(p.slice(0, 1), mask.slice(0, 1)).item<double>()));
  at::Tensor const sure = mask.sub(0.5).div(0.0);  // infinite logits
  CHECK(tuned_dice_loss(sure, mask, {.squash = Squash::sigmoid}).item<double>() < 1e-3);
  at::Tensor const nothing = tuned_dice_loss(p, at::zeros_like(mask));
  CHECK(nothing.item<double>() == 0);
  nothing.backward();
  CHECK(p.grad().abs().max().item<double>() == 0);
}

TEST_CASE("metrics equal MONAI's") {
  auto const path = test::fixture("losses/metrics.safetensors");
  VLSM_NEEDS(path, "losses/metrics");
  Reference const reference(*path);
  double worst = 0;
  for (auto const& [name, stored] : reference.all()) {
    auto const parts = split(name, '.');  // NAME.METRIC.ignoreN
    if (parts.size() != 3) continue;
    INFO(parts[0], ".", parts[1], ".", parts[2]);
    bool const big = parts[0] == "big";
    at::Tensor const prediction = big ? test::recipe_image("input:met:bp", {3, 1, 352, 352}) > 0.3
                                      : reference[parts[0] + ".pred"];
    at::Tensor const target = big ? test::recipe_image("input:met:bg", {3, 1, 352, 352}) > 0.3
                                  : reference[parts[0] + ".target"];
    MetricOptions const options{.ignore_empty = parts[2] == "ignore1",
                                .background = parts[1].ends_with("_bg")};
    at::Tensor const score = parts[1].starts_with("dice") ? dice_score(prediction, target, options)
                                                          : iou_score(prediction, target, options);
    double const error =
        (at::where(score.isnan(), -1.0, score) - stored).abs().max().item<double>();
    CHECK(error <= 1e-6);
    worst = std::max(worst, error);
  }
  std::printf("metrics: largest error %.2g\n", worst);
}

TEST_CASE("another shape of target is refused") {
  CHECK_THROWS_WITH_AS(dice_loss(at::zeros({1, 1, 4, 4}), at::zeros({1, 1, 4, 5})),
                       "prediction and target differ in shape: [1, 1, 4, 4] against [1, 1, 4, 5]: "
                       "give both as [B, C, H, W]",
                       Error);
}

}  // namespace
