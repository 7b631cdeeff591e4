// SPDX-License-Identifier: MIT
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/disk_runs.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/optimizer.hpp"

// What training refuses, or ends at, before it does harm.
namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

TEST_CASE("a loss that is not finite ends the run with one line that names the pictures") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8), test::encode_bytes, test::disk_options(run.path(), 1));
  {
    at::NoGradGuard const no_grad;
    model.head->parameters()[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  auto const told = [&](FitOptions const& how) {
    return test::error_of([&] { fit(model, Disks(8), Disks(8), test::encode_bytes, how); });
  };
  auto nowhere = test::disk_options({}, 1);
  std::string line = told(nowhere);
  CHECK(line.starts_with("the loss is not finite: epoch 1, step 1, pictures "));
  CHECK(line.ends_with(" and 5 more: lower the learning rate, or look for broken pictures"));
  nowhere.pass = 2;
  CHECK(told(nowhere).find(" more") == std::string::npos);  // those of the pass alone
  CHECK(told(test::disk_options(run.path(), 1)).ends_with("; no state of this run was saved"));
}

/// Disks of which one picture is broken in `epoch`, counted by how often it was asked for.
struct BreaksLater : Disks {
  explicit BreaksLater(int epoch) : Disks(8), left(epoch) {}
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    if (index == 5 && --left == 0) example.image.fill_(std::numeric_limits<float>::infinity());
    return example;
  }
  mutable int left;
};

TEST_CASE("a picture that breaks later is named, and the last good state stays") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model, again;
  auto made = test::disk_options(run.path(), 4);
  made.batch = 2;
  std::string const line =
      test::error_of([&] { fit(model, BreaksLater(3), Disks(8, 1000), test::encode_bytes, made); });
  CHECK(test::says(line, "the loss is not finite: epoch 3, step "));
  CHECK(test::says(line, "5"));
  CHECK(test::says(line, "the last good state is " + (run / "last.safetensors").string()));
  for (at::Tensor const& parameter : model.parameters())
    CHECK(parameter.isfinite().all().item<bool>());
  made.resume = true;
  CHECK(fit(again, Disks(8), Disks(8, 1000), test::encode_bytes, made).front().epoch == 3);
}

TEST_CASE("a gradient that is not finite moves nothing") {
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    Segmenter<DiskSeg> model;
    auto made = test::disk_options({}, 1);
    made.precision = precision;
    // The root's derivative at 0 is infinite, its value is not.
    made.own_loss = [](at::Tensor const& logits, at::Tensor const&) {
      return (logits.to(at::kFloat) * 0).abs().sum().sqrt();
    };
    std::vector<at::Tensor> before;
    for (at::Tensor const& parameter : model.parameters()) before.push_back(parameter.clone());
    std::string const line =
        test::error_of([&] { fit(model, Disks(8), Disks(8), test::encode_bytes, made); });
    CHECK(test::says(line, "the gradient is not finite: epoch 1, step 1, pictures "));
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(model.parameters()[i].equal(before[i]));
  }
}

TEST_CASE("batches and sets of nothing are refused before anything is written") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  auto nothing = test::disk_options(run.path(), 1);
  nothing.batch = 0;
  CHECK_THROWS_WITH_AS(fit(model, Disks(8), Disks(8), test::encode_bytes, nothing),
                       "a batch holds no examples: FitOptions.batch: set it to 1 or more", Error);
  CHECK_THROWS_AS(evaluate(model, Disks(8), test::encode_bytes, {.batch = 0}), Error);
  CHECK_THROWS_AS(
      fit(model, Disks(0), Disks(8), test::encode_bytes, test::disk_options(run.path(), 1)), Error);
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(0), test::encode_bytes,
                         test::disk_options(run.path(), 1));
                   }),
                   "the set holds no examples: the set to validate with"));
  CHECK(std::filesystem::is_empty(run.path()));
}

TEST_CASE("options that are no numbers to train by are refused before anything is written") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  auto const told = [&](auto change) {
    FitOptions how = test::disk_options(run / "made", 1);
    change(how);
    return test::error_of([&] { fit(model, Disks(8), Disks(8), test::encode_bytes, how); });
  };
  for (double const value : {-1.0, none}) {
    CHECK(test::says(told([&](FitOptions& how) { how.optimizer.learning_rate = value; }),
                     ": OptimizerOptions.learning_rate: "));
    CHECK(test::says(told([&](FitOptions& how) { how.optimizer.weight_decay = value; }),
                     ": OptimizerOptions.weight_decay: "));
    CHECK(test::says(told([&](FitOptions& how) { how.optimizer.clip = value; }),
                     ": OptimizerOptions.clip: "));
    CHECK(test::says(told([&](FitOptions& how) { how.threshold = static_cast<float>(value); }),
                     ": FitOptions.threshold: "));
    CHECK(test::says(test::error_of([&] {
                       evaluate(model, Disks(8), test::encode_bytes,
                                {.threshold = static_cast<float>(value)});
                     }),
                     ": EvaluateOptions.threshold: "));
  }
  for (double const value : {-1.0, none}) {
    for (auto const& [name, member] : std::map<std::string, double& (*)(FitOptions&)>{
             {"Plateau.factor", [](FitOptions& how) -> double& { return how.plateau.factor; }},
             {"Plateau.threshold",
              [](FitOptions& how) -> double& { return how.plateau.threshold; }},
             {"FitOptions.save_minutes",
              [](FitOptions& how) -> double& { return how.save_minutes; }},
             {"Augmentation.flip", [](FitOptions& how) -> double& { return how.augment.flip; }},
             {"Augmentation.degrees",
              [](FitOptions& how) -> double& { return how.augment.degrees; }},
             {"Augmentation.least_gamma",
              [](FitOptions& how) -> double& { return how.augment.least_gamma; }},
             {"Augmentation.factor",
              [](FitOptions& how) -> double& { return how.augment.factor; }}})
      CHECK_MESSAGE(test::says(told([&](FitOptions& how) { member(how) = value; }), name), name);
  }
  CHECK(test::says(told([](FitOptions& how) { how.workers = -5; }),
                   "this option cannot be -5: FitOptions.workers: set it to -1 or more"));
  CHECK(test::says(told([](FitOptions& how) { how.plateau.patience = -1; }), "Plateau.patience"));
  CHECK(test::says(told([](FitOptions& how) { how.early_stop.min_delta = none; }),
                   "EarlyStop.min_delta: set it to -1 up to 1"));
  CHECK(test::says(told([](FitOptions& how) { how.augment.least_gamma = 3; }),
                   "cannot be 3: Augmentation.least_gamma: set it to 0 up to 1.5"));
  {
    at::NoGradGuard const off;
    CHECK(test::says(told([](FitOptions&) {}), "gradients are switched off"));
  }
  CHECK(test::says(told([](FitOptions& how) { how.epochs = -1; }), "a training of -1 epochs"));
  CHECK(std::filesystem::is_empty(run.path()));
}

TEST_CASE("a loss of one's own that is no scalar, or moves nothing, is told so") {
  Segmenter<DiskSeg> model;
  auto const told = [&](Loss loss) {
    FitOptions how = test::disk_options({}, 1);
    how.own_loss = std::move(loss);
    return test::error_of([&] { fit(model, Disks(8), Disks(8), test::encode_bytes, how); });
  };
  CHECK(test::says(told([](at::Tensor const& logits, at::Tensor const&) {
                     return logits.square().flatten(1).mean(1);
                   }),
                   "the loss is no scalar: own_loss returned [8]: "));
  CHECK(test::says(told([](at::Tensor const&, at::Tensor const&) { return at::Tensor(); }),
                   "the loss is no scalar: own_loss returned an undefined tensor: "));
  CHECK(test::says(told([](at::Tensor const&, at::Tensor const& target) { return target.mean(); }),
                   "the loss depends on no parameter that trains: "));
}

TEST_CASE("a model of which nothing trains is told so") {
  Segmenter<DiskSeg> model;
  freeze(model);
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(8), test::encode_bytes, test::disk_options({}, 1));
                   }),
                   "no parameter of the model trains: "));
}

TEST_CASE("a run's folder is made, and one that cannot be is told before the first epoch") {
  test::TempDir const parent;
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8), test::encode_bytes, test::disk_options(parent / "a" / "run", 1));
  CHECK(std::filesystem::exists(parent / "a" / "run" / "last.safetensors"));
  int steps = 0;
  FitHooks const hooks{.on_step = [&](int, std::size_t, std::size_t, double) { ++steps; }};
  std::filesystem::path const below = parent / "a" / "run" / "last.safetensors" / "run";
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(8), test::encode_bytes,
                         test::disk_options(below, 1), hooks);
                   }),
                   "the folder cannot be made"));
  CHECK(steps == 0);
}

}  // namespace
