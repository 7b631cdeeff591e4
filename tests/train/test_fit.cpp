// SPDX-License-Identifier: MIT
#include <torch/autograd.h>
#include <torch/nn/modules/batchnorm.h>

#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/fusion/pass_through.hpp"
#include "vlsm/nn/autocast.hpp"
#include "vlsm/text/no_text.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/state.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

FitOptions options(std::filesystem::path const& run, int epochs) {
  return {.epochs = epochs,
          .batch = 8,
          .optimizer = {.learning_rate = 2e-3, .clip = 1},
          .loss = SegmentationLoss::dice_ce,
          .seed = 3,
          .run = run};
}

bool equal_weights(torch::nn::Module const& a, torch::nn::Module const& b) {
  auto const left = a.parameters(), right = b.parameters();
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!left[i].equal(right[i])) return false;
  return true;
}

TEST_CASE("a small model learns which of two disks the prompt means") {
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto const history = fit(model, Disks(64), Disks(32, 1000), test::encode_bytes, options({}, 40));
  std::printf("validation Dice %.3f after %zu epochs\n", history.back().val_dice, history.size());
  CHECK(history.back().val_dice > 0.9);
  CHECK(history.back().train_loss < history.front().train_loss);
}

TEST_CASE("a resumed run ends with the same weights as an unbroken one") {
  test::TempDir const whole, broken;
  at::manual_seed(1);
  Segmenter<DiskSeg> unbroken;
  fit(unbroken, Disks(32), Disks(8, 1000), test::encode_bytes, options(whole.path(), 6));
  at::manual_seed(1);
  Segmenter<DiskSeg> first, second;
  at::manual_seed(1);
  Segmenter<DiskSeg> start;
  fit(start, Disks(32), Disks(8, 1000), test::encode_bytes, options(broken.path(), 3));
  auto go_on = options(broken.path(), 6);
  go_on.resume = true;
  auto const history = fit(second, Disks(32), Disks(8, 1000), test::encode_bytes, go_on);
  CHECK(history.size() == 3);
  CHECK(history.front().epoch == 4);
  CHECK(equal_weights(unbroken, second));
}

TEST_CASE("a run with another seed is another run, and pictures are of the model's type") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8, 1000), test::encode_bytes, options(run.path(), 1));
  FitOptions other = options(run.path(), 2);
  other.resume = true;
  ++other.seed;
  CHECK(test::says(
      test::error_of([&] { fit(model, Disks(8), Disks(8, 1000), test::encode_bytes, other); }),
      "begun with the seed 3, not 4"));
  model.to(at::kDouble);
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(8, 1000), test::encode_bytes, options({}, 1));
                   }),
                   "pictures of type Float for a model of type Double"));
  CHECK(test::says(test::error_of([&] { evaluate(model, Disks(8), test::encode_bytes); }),
                   "pictures of type Float for a model of type Double"));
}

TEST_CASE("the best weights can be loaded again") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model, again;
  auto const history =
      fit(model, Disks(32), Disks(16, 1000), test::encode_bytes, options(run.path(), 8));
  auto const report = io::load(again, run / "best.safetensors");
  CHECK(report.scheme == "native");
  double best = 0;
  for (auto const& epoch : history) best = std::max(best, epoch.val_dice);
  CHECK(evaluate(again, Disks(16, 1000), test::encode_bytes).dice().mean == doctest::Approx(best));
}

TEST_CASE("frozen slots do not move") {
  Segmenter<DiskSeg> model;
  freeze(*model.vision);
  auto const before = model.vision->parameters()[0].clone(),
             trained = model.head->parameters()[0].clone();
  fit(model, Disks(16), Disks(8, 1000), test::encode_bytes, options({}, 1));
  CHECK(model.vision->parameters()[0].equal(before));
  CHECK_FALSE(model.head->parameters()[0].equal(trained));
}

TEST_CASE("training stops early and lowers the rate on a plateau") {
  EarlyStop stop{.min_delta = 0.01, .patience = 2};
  CHECK_FALSE(stop.stop(0.5));
  CHECK_FALSE(stop.stop(0.505));
  CHECK(stop.stop(0.509));
  Plateau plateau{.factor = 0.1, .patience = 1};
  CHECK(plateau.next(1, 5) == 1);
  CHECK(plateau.next(1, 5) == 1);
  CHECK(plateau.next(1, 5) == doctest::Approx(0.1));
}

TEST_CASE("a loss that is not finite ends the run with one line that names the pictures") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8), test::encode_bytes, options(run.path(), 1));
  {
    at::NoGradGuard const no_grad;
    model.head->parameters()[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  auto const told = [&](FitOptions const& how) {
    return test::error_of([&] { fit(model, Disks(8), Disks(8), test::encode_bytes, how); });
  };
  auto nowhere = options({}, 1);
  std::string line = told(nowhere);
  CHECK(line.starts_with("the loss is not finite: epoch 1, step 1, pictures "));
  CHECK(line.ends_with(" and 5 more: lower the learning rate, or look for broken pictures"));
  nowhere.pass = 2;
  CHECK(told(nowhere).find(" more") == std::string::npos);  // those of the pass alone
  CHECK(told(options(run.path(), 1)).ends_with("; no state of this run was saved"));
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
  auto made = options(run.path(), 4);
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
    auto made = options({}, 1);
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

TEST_CASE("a run that stopped within an epoch is not resumed with other batches") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto made = options(run.path(), 3);
  int asked = 0;
  std::string heard;
  FitHooks const hooks{.stop = [&] { return ++asked == 3; },
                       .on_stop =
                           [&](int epoch, std::size_t step, std::size_t steps) {
                             heard = std::to_string(epoch) + " " + std::to_string(step) + "/" +
                                     std::to_string(steps);
                           }};
  CHECK(fit(model, Disks(32), Disks(8), test::encode_bytes, made, hooks).empty());
  CHECK(heard == "1 2/4");
  made.resume = true;
  // Others of four steps, too: a picture would be seen twice, or not at all.
  for (auto const& [pictures, batch] : {std::pair<int, std::size_t>{32, 4}, {32, 9}, {31, 8}}) {
    made.batch = batch;
    CHECK(test::says(
        test::error_of([&] {
          fit(model, Disks(static_cast<std::size_t>(pictures)), Disks(8), test::encode_bytes, made);
        }),
        "the run stopped within an epoch of 32 pictures in batches of 8, not of " +
            std::to_string(pictures) + " pictures in batches of " + std::to_string(batch) + ": "));
  }
}

TEST_CASE("a long epoch is saved on its way") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto made = options(run.path(), 1);
  made.save_minutes = 0;
  std::size_t saved = 0;
  FitHooks const hooks{.on_step = [&](int, std::size_t step, std::size_t, double) {
    if (step == 1) return;
    auto const file = io::read_safetensors(run / "last.safetensors");
    auto const state = nlohmann::json::parse(file.metadata.at("vlsm_train_state"));
    CHECK(state.at("step") == step - 1);
    CHECK(state.at("epoch") == 0);
    ++saved;
  }};
  fit(model, Disks(32), Disks(8), test::encode_bytes, made, hooks);
  CHECK(saved == 3);
}

TEST_CASE("batches and sets of nothing are refused before anything is written") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  auto nothing = options(run.path(), 1);
  nothing.batch = 0;
  CHECK_THROWS_WITH_AS(fit(model, Disks(8), Disks(8), test::encode_bytes, nothing),
                       "a batch holds no examples: FitOptions.batch: set it to 1 or more", Error);
  CHECK_THROWS_AS(evaluate(model, Disks(8), test::encode_bytes, {.batch = 0}), Error);
  CHECK_THROWS_AS(fit(model, Disks(0), Disks(8), test::encode_bytes, options(run.path(), 1)),
                  Error);
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(0), test::encode_bytes, options(run.path(), 1));
                   }),
                   "the set holds no examples: the set to validate with"));
  CHECK(std::filesystem::is_empty(run.path()));
}

TEST_CASE("options that are no numbers to train by are refused before anything is written") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  auto const told = [&](auto change) {
    FitOptions how = options(run / "made", 1);
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

TEST_CASE("a batch that is larger than any set is the whole set") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  auto const trained = [](std::size_t batch, std::size_t pass) {
    at::manual_seed(1);
    Segmenter<DiskSeg> model;
    auto made = options({}, 1);
    made.batch = batch;
    made.pass = pass;
    return fit(model, Disks(6), Disks(4), test::encode_bytes, made).at(0).train_loss;
  };
  CHECK(trained(most, 0) == trained(6, 0));
  CHECK(trained(most, 2) == trained(6, 2));
  CHECK(evaluate(*std::make_unique<Segmenter<DiskSeg>>(), Disks(6), test::encode_bytes,
                 {.batch = most})
            .scores.size() == 6);
}

TEST_CASE("a loss of one's own that is no scalar, or moves nothing, is told so") {
  Segmenter<DiskSeg> model;
  auto const told = [&](Loss loss) {
    FitOptions how = options({}, 1);
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

TEST_CASE("logits that are not numbers have no scores") {
  Segmenter<DiskSeg> model;
  {
    at::NoGradGuard const no_grad;
    model.head->parameters()[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  CHECK(test::says(test::error_of([&] { evaluate(model, Disks(2), test::encode_bytes); }),
                   "the logits are not finite numbers: pictures 0, 1: "));
}

TEST_CASE("a run without patience is resumed as it would have gone on") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  auto made = options(run.path(), 1);
  made.early_stop = {.min_delta = -1, .patience = 0};  // each epoch is better
  CHECK(fit(model, Disks(8), Disks(8), test::encode_bytes, made).size() == 1);
  made.epochs = 3;
  made.resume = true;
  CHECK(fit(model, Disks(8), Disks(8), test::encode_bytes, made).size() == 2);
}

TEST_CASE("each loss by name trains, and one of one's own") {
  for (SegmentationLoss const loss :
       {SegmentationLoss::dice, SegmentationLoss::dice_ce_of_probabilities,
        SegmentationLoss::dice_ce, SegmentationLoss::tuned_dice, SegmentationLoss::dice_focal,
        SegmentationLoss::tversky}) {
    at::manual_seed(1);
    Segmenter<DiskSeg> model;
    auto made = options({}, 12);
    made.loss = loss;
    auto const history = fit(model, Disks(32), Disks(8, 1000), test::encode_bytes, made);
    INFO(static_cast<int>(loss));
    CHECK(history.back().train_loss < history.front().train_loss);
  }
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto own = options({}, 12);
  int asked = 0;
  own.own_loss = [&](at::Tensor const& logits, at::Tensor const& target) {
    ++asked;
    return (at::sigmoid(logits) - target).square().mean();
  };
  auto const history = fit(model, Disks(32), Disks(8, 1000), test::encode_bytes, own);
  CHECK(asked == 12 * (4 + 1));
  CHECK(history.back().train_loss < history.front().train_loss);
}

TEST_CASE("bf16 learns what float32 learns, also inside an autocast of the user's") {
  double best[3] = {};
  for (int kind : {0, 1, 2}) {
    at::manual_seed(1);
    Segmenter<DiskSeg> model;
    auto made = options({}, 40);
    if (kind > 0) made.precision = Precision::bf16;
    std::optional<Autocast> outer;
    if (kind == 2) outer.emplace(at::kCPU);
    for (auto const& epoch : fit(model, Disks(64), Disks(32, 1000), test::encode_bytes, made))
      best[kind] = std::max(best[kind], epoch.val_dice);
    for (at::Tensor const& parameter : model.parameters())
      CHECK((parameter.scalar_type() == at::kFloat));
  }
  std::printf("best validation Dice: float32 %.3f, bf16 %.3f, inside an autocast %.3f\n", best[0],
              best[1], best[2]);
  CHECK(best[1] > best[0] - 0.03);
  CHECK(best[2] > best[0] - 0.03);
}

TEST_CASE("a run in bf16 writes what its log says") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model, again;
  auto made = options(run.path(), 20);
  made.precision = Precision::bf16;
  double best = 0;
  for (auto const& epoch : fit(model, Disks(64), Disks(32, 1000), test::encode_bytes, made))
    best = std::max(best, epoch.val_dice);
  io::load(again, run / "best.safetensors");
  auto const scored = [&](Precision precision) {
    return evaluate(again, Disks(32, 1000), test::encode_bytes, {.precision = precision})
        .dice()
        .mean;
  };
  CHECK(std::abs(scored(Precision::fp32) - best) <= 1e-6);
  CHECK(std::abs(scored(Precision::bf16) - best) <= 1e-2);  // not prepared
}

TEST_CASE("an autocast puts back what it found") {
  at::autocast::set_autocast_dtype(at::kCPU, at::kHalf);
  at::Tensor const weight = at::ones({4, 4}).requires_grad_(true);
  {
    Autocast const outer(at::kCPU);
    {
      at::NoGradGuard const no_grad;
      Autocast const inner(at::kCPU);
      at::mm(weight, weight);  // keeps a copy without a gradient
    }
    CHECK(at::mm(weight, weight).requires_grad());
    { Autocast const off(at::kCPU, false); }
    CHECK(at::autocast::is_autocast_enabled(at::kCPU));
  }
  CHECK_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
  CHECK((at::autocast::get_autocast_dtype(at::kCPU) == at::kHalf));
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
}

TEST_CASE("a state that does not fit changes nothing") {
  test::TempDir const run;
  Segmenter<DiskSeg> trained, model;
  fit(trained, Disks(8), Disks(8), test::encode_bytes, options(run.path(), 1));
  auto file = io::read_safetensors(run / "last.safetensors");
  // The last tensor that is read is gone.
  std::string const last = "model." + model.named_parameters().back().key();
  std::erase_if(file.tensors, [&](auto const& tensor) { return tensor.name == last; });
  io::write_safetensors(run / "last.safetensors", file.tensors, file.metadata);
  std::vector<at::Tensor> before;
  for (at::Tensor const& parameter : model.parameters()) before.push_back(parameter.clone());
  Optimizer optimizer(model, {});
  TrainState state;
  CHECK_THROWS_AS(load_state(run / "last.safetensors", model, optimizer, state), Error);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(model.parameters()[i].equal(before[i]));
  CHECK(state.epoch == 0);
  CHECK(optimizer.adamw().state().empty());
}

TEST_CASE("a state of another model is refused") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  io::save(model, run / "last.safetensors");
  auto wrong = options(run.path(), 1);
  wrong.resume = true;
  CHECK_THROWS_AS(fit(model, Disks(8), Disks(8), test::encode_bytes, wrong), Error);
}

TEST_CASE("a state that holds a number that is not finite is refused and named") {
  test::TempDir const run;
  auto go_on = options(run.path(), 2);
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8), test::encode_bytes, options(run.path(), 1));
  go_on.resume = true;
  auto const file = io::read_safetensors(run / "last.safetensors");
  for (std::string const part : {"model.", ".mean", ".square"}) {
    auto tensors = file.tensors;
    auto const damaged = std::find_if(tensors.begin(), tensors.end(), [&](auto const& tensor) {
      return tensor.name.find(part) != std::string::npos;
    });
    REQUIRE(damaged != tensors.end());
    at::Tensor const values = io::to_tensor(damaged->array).clone();
    values.flatten()[-1] = std::numeric_limits<float>::infinity();
    damaged->array = io::to_array(values);
    io::write_safetensors(run / "last.safetensors", tensors, file.metadata);
    Segmenter<DiskSeg> again;
    std::string const told = "the training state holds numbers that are not finite: " +
                             (run / "last.safetensors").string() + ", " + damaged->name +
                             ": start the run anew, with a lower learning rate where it diverged";
    CHECK_THROWS_WITH_AS(fit(again, Disks(8), Disks(8), test::encode_bytes, go_on), told.c_str(),
                         Error);
  }
}

TEST_CASE("a model of which nothing trains is told so") {
  Segmenter<DiskSeg> model;
  freeze(model);
  CHECK(test::says(
      test::error_of([&] { fit(model, Disks(8), Disks(8), test::encode_bytes, options({}, 1)); }),
      "no parameter of the model trains: "));
}

TEST_CASE("a run's folder is made, and one that cannot be is told before the first epoch") {
  test::TempDir const parent;
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8), test::encode_bytes, options(parent / "a" / "run", 1));
  CHECK(std::filesystem::exists(parent / "a" / "run" / "last.safetensors"));
  int steps = 0;
  FitHooks const hooks{.on_step = [&](int, std::size_t, std::size_t, double) { ++steps; }};
  std::filesystem::path const below = parent / "a" / "run" / "last.safetensors" / "run";
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(8), test::encode_bytes, options(below, 1), hooks);
                   }),
                   "the folder cannot be made"));
  CHECK(steps == 0);
}

/// A tower that ends in LibTorch's own batch norm.
struct TorchNorm : DiskSeg {
  struct Vision : DiskSeg::Vision {
    std::shared_ptr<torch::nn::BatchNorm1dImpl> norm =
        child<torch::nn::BatchNorm1dImpl>("norm", test::disk_vit.layer.width);
    ImageFeatures forward(at::Tensor const& image) const {
      ImageFeatures seen = DiskSeg::Vision::forward(image);
      seen.taps.back() = norm->forward(seen.taps.back().transpose(1, 2)).transpose(1, 2);
      return seen;
    }
  };
};

TEST_CASE("a batch norm of LibTorch's keeps its statistics where it is told to, and float32") {
  for (Precision const precision : {Precision::fp32, Precision::bf16})
    for (BatchNorms const norms : {BatchNorms::learn, BatchNorms::frozen}) {
      Segmenter<TorchNorm> model;
      auto made = options({}, 2);
      made.precision = precision;
      made.batch_norms = norms;
      fit(model, Disks(16), Disks(8), test::encode_bytes, made);
      bool const moved = !model.vision->norm->running_mean.equal(at::zeros({32}));
      CHECK(moved == (norms == BatchNorms::learn));
      CHECK((model.vision->norm->weight.scalar_type() == at::kFloat));
    }
}

TEST_CASE("an evaluation leaves each part of a model as it was") {
  Segmenter<DiskSeg> model;
  model.train();
  model.vision->eval();
  evaluate(model, Disks(2), test::encode_bytes);
  CHECK(model.is_training());
  CHECK(model.decoder->is_training());
  CHECK_FALSE(model.vision->is_training());
  model.eval();
  model.head->train();
  evaluate(model, Disks(2), test::encode_bytes);
  CHECK_FALSE(model.is_training());
  CHECK(model.head->is_training());
}

/// Blocks that have no parameter at all.
struct Bare {
  struct Vision : Module {
    static constexpr FeatureSpec out = FeatureSpec::alike(1, 3, 4, Layout::map);
    ImageFeatures forward(at::Tensor const& image) const {
      return {.taps = {at::avg_pool2d(image, 4)}, .pooled = {}, .image = image};
    }
    static constexpr long long parameter_count() { return 0; }
    static constexpr long long flops(Workload) { return 0; }
  };
  struct Decoder : Module {
    static constexpr FeatureSpec in = Vision::out, out = in;
    ImageFeatures forward(ImageFeatures const& read, TextFeatures const& /*said*/) const {
      return read;
    }
    static constexpr long long parameter_count() { return 0; }
    static constexpr long long flops(Workload) { return 0; }
  };
  struct Head : Module {
    static constexpr FeatureSpec in = Vision::out;
    static constexpr int scale = 4;
    at::Tensor forward(ImageFeatures const& read, TextFeatures const& /*said*/) const {
      return at::upsample_nearest2d(read.taps[0].sum(1, true), {read.height(), read.width()});
    }
    static constexpr long long parameter_count() { return 0; }
    static constexpr long long flops(Workload) { return 0; }
  };
  using Text = NoText;
  using Fusion = PassThrough<>;
  static constexpr Recipe recipe{.image = 32, .normalize = imagenet_normalization};
};

TEST_CASE("a model without parameters is scored, and told that nothing of it trains") {
  Segmenter<Bare> model;
  CHECK(evaluate(model, Disks(1), test::encode_bytes).dice().mean == 1);  // the bright one
  CHECK_THROWS_AS(fit(model, Disks(2), Disks(2), test::encode_bytes, options({}, 1)), Error);
}

}  // namespace
