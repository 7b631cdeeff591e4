// SPDX-License-Identifier: MIT
#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "vlsm/data/loader.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"

// A batch in several passes trains as it does in one.
namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

constexpr std::pair<char const*, SegmentationLoss> losses[] = {
    {"dice", SegmentationLoss::dice},
    {"dice_ce_of_probabilities", SegmentationLoss::dice_ce_of_probabilities},
    {"dice_ce", SegmentationLoss::dice_ce},
    {"tuned_dice", SegmentationLoss::tuned_dice},
    {"dice_focal", SegmentationLoss::dice_focal},
    {"tversky", SegmentationLoss::tversky}};

/// Disks of which some have no mask, so that passes count differently.
struct SomeEmpty : Disks {
  explicit SomeEmpty(std::size_t count, std::size_t from = 3) : Disks(count), from_(from) {}
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    if (index % 7 >= from_) example.mask.zero_();
    return example;
  }
  std::size_t from_;
};

/// What one step does to the weights, and its figures.
struct Step {
  std::vector<at::Tensor> before, after;
  Epoch epoch;
};

/// A step over all of `examples`. AdamW's first step is of one size whatever the gradient; the norm
/// and a second epoch's moments tell of it.
Step step(Dataset const& examples, FitOptions options, std::size_t pass) {
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  Step result;
  options.batch = examples.size();
  options.pass = pass;
  options.epochs = 3;
  for (auto const& p : model.parameters()) result.before.push_back(p.detach().clone());
  result.epoch = fit(model, examples, Disks(2, 1000), test::encode_bytes, options).back();
  for (auto const& p : model.parameters()) result.after.push_back(p.detach().clone());
  return result;
}

/// The gradients of `add` in passes of this size.
std::vector<at::Tensor> gradients(Dataset const& examples, SegmentationLoss loss, std::size_t pass,
                                  Precision precision) {
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  SegmenterView<DiskSeg> view(model);
  FrozenTowers const towers(view, precision, nullptr);
  Optimizer optimizer(model, {.learning_rate = 0, .weight_decay = 0, .clip = 0});
  std::optional<RoundedWeights> rounded;
  if (precision == Precision::bf16) rounded.emplace(model);
  PromptIds ids(test::encode_bytes);
  std::vector<std::size_t> order(examples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Loader loader(examples, ids, order, batch_ends(order.size(), order.size(), pass), {});
  double counted = 0;
  FitOptions const options{.loss = loss};
  while (auto batch = loader.next()) {
    auto const count = static_cast<double>(counted_pictures(batch->mask, options));
    optimizer.backward(
        chosen_loss(logits_of(view, towers, *batch, precision), batch->mask, options), count,
        rounded ? &*rounded : nullptr);
    counted += count;
  }
  optimizer.step(counted, rounded ? &*rounded : nullptr);
  std::vector<at::Tensor> result;
  for (auto const& p : model.parameters())
    result.push_back(p.grad().defined() ? p.grad().to(at::kDouble)
                                        : at::zeros_like(p, at::kDouble));
  return result;
}

double distance(std::vector<at::Tensor> const& a, std::vector<at::Tensor> const& b) {
  double squares = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    squares += (a[i] - b[i]).square().sum().item<double>();
    size += a[i].square().sum().item<double>();
  }
  return size > 0 ? std::sqrt(squares / size) : std::sqrt(squares);
}

TEST_CASE("the gradient of passes is that of the batch, for every loss") {
  SomeEmpty const examples(13);
  for (auto const& [name, loss] : losses) {
    auto const whole = gradients(examples, loss, 13, Precision::fp32);
    for (std::size_t pass : {1, 4, 6, 12}) {  // with odd last passes
      double const apart = distance(whole, gradients(examples, loss, pass, Precision::fp32));
      INFO(name, ", passes of ", pass, ": ", apart);
      CHECK(apart < 1e-6);
    }
  }
}

TEST_CASE("in bf16, too: what passes give is added up in float32") {
  SomeEmpty const examples(13);
  for (auto const& [name, loss] : losses) {
    auto const whole = gradients(examples, loss, 13, Precision::bf16);
    for (std::size_t pass : {1, 4}) {
      double const apart = distance(whole, gradients(examples, loss, pass, Precision::bf16));
      INFO(name, ", passes of ", pass, ": ", apart);
      CHECK(apart < 2e-2);  // activations' gradients are rounded to 8 bits in either
    }
  }
}

TEST_CASE("a training in passes has the figures of one that sees its batches whole") {
  for (auto const& [name, loss] : losses) {
    FitOptions const options{.optimizer = {.clip = 1}, .loss = loss, .seed = 3};
    Step const whole = step(SomeEmpty(13), options, 0), parts = step(SomeEmpty(13), options, 4);
    INFO(name);
    CHECK(parts.epoch.train_loss == doctest::Approx(whole.epoch.train_loss).epsilon(1e-5));
    CHECK(parts.epoch.gradient_norm == doctest::Approx(whole.epoch.gradient_norm).epsilon(1e-4));
    CHECK(parts.epoch.val_loss == doctest::Approx(whole.epoch.val_loss).epsilon(1e-4));
    CHECK(distance(whole.after, parts.after) < 1e-4);
    CHECK(distance(whole.before, whole.after) > 1e-3);
  }
}

TEST_CASE("a batch without any object is a step of nothing for tuned_dice, in passes, too") {
  FitOptions const options{.optimizer = {.weight_decay = 0}, .loss = SegmentationLoss::tuned_dice};
  for (std::size_t pass : {0, 2}) {
    Step const one = step(SomeEmpty(5, 0), options, pass);
    CHECK(one.epoch.train_loss == 0);
    CHECK(one.epoch.gradient_norm == 0);
    CHECK(distance(one.before, one.after) == 0);
  }
}

TEST_CASE("a pass larger than the batch is the batch") {
  FitOptions const options{.loss = SegmentationLoss::dice_ce};
  Step const whole = step(SomeEmpty(5), options, 0), large = step(SomeEmpty(5), options, 100);
  CHECK(distance(whole.after, large.after) == 0);
}

}  // namespace
