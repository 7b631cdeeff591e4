// SPDX-License-Identifier: MIT
#include <limits>

#include "support/disk_runs.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/fusion/pass_through.hpp"
#include "vlsm/text/no_text.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/weights/load.hpp"

// Training: what it learns, and what it leaves alone.
namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

TEST_CASE("a small model learns which of two disks the prompt means") {
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto const history =
      fit(model, Disks(64), Disks(32, 1000), test::encode_bytes, test::disk_options({}, 40));
  std::printf("validation Dice %.3f after %zu epochs\n", history.back().val_dice, history.size());
  CHECK(history.back().val_dice > 0.9);
  CHECK(history.back().train_loss < history.front().train_loss);
}

TEST_CASE("a run with another seed is another run, and pictures are of the model's type") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8, 1000), test::encode_bytes, test::disk_options(run.path(), 1));
  FitOptions other = test::disk_options(run.path(), 2);
  other.resume = true;
  ++other.seed;
  CHECK(test::says(
      test::error_of([&] { fit(model, Disks(8), Disks(8, 1000), test::encode_bytes, other); }),
      "begun with the seed 3, not 4"));
  model.to(at::kDouble);
  CHECK(test::says(test::error_of([&] {
                     fit(model, Disks(8), Disks(8, 1000), test::encode_bytes,
                         test::disk_options({}, 1));
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
      fit(model, Disks(32), Disks(16, 1000), test::encode_bytes, test::disk_options(run.path(), 8));
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
  fit(model, Disks(16), Disks(8, 1000), test::encode_bytes, test::disk_options({}, 1));
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

TEST_CASE("a batch that is larger than any set is the whole set") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  auto const trained = [](std::size_t batch, std::size_t pass) {
    at::manual_seed(1);
    Segmenter<DiskSeg> model;
    auto made = test::disk_options({}, 1);
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

TEST_CASE("logits that are not numbers have no scores") {
  Segmenter<DiskSeg> model;
  {
    at::NoGradGuard const no_grad;
    model.head->parameters()[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  CHECK(test::says(test::error_of([&] { evaluate(model, Disks(2), test::encode_bytes); }),
                   "the logits are not finite numbers: pictures 0, 1: "));
}

TEST_CASE("each loss by name trains, and one of one's own") {
  for (SegmentationLoss const loss :
       {SegmentationLoss::dice, SegmentationLoss::dice_ce_of_probabilities,
        SegmentationLoss::dice_ce, SegmentationLoss::tuned_dice, SegmentationLoss::dice_focal,
        SegmentationLoss::tversky}) {
    at::manual_seed(1);
    Segmenter<DiskSeg> model;
    auto made = test::disk_options({}, 12);
    made.loss = loss;
    auto const history = fit(model, Disks(32), Disks(8, 1000), test::encode_bytes, made);
    INFO(static_cast<int>(loss));
    CHECK(history.back().train_loss < history.front().train_loss);
  }
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto own = test::disk_options({}, 12);
  int asked = 0;
  own.own_loss = [&](at::Tensor const& logits, at::Tensor const& target) {
    ++asked;
    return (at::sigmoid(logits) - target).square().mean();
  };
  auto const history = fit(model, Disks(32), Disks(8, 1000), test::encode_bytes, own);
  CHECK(asked == 12 * (4 + 1));
  CHECK(history.back().train_loss < history.front().train_loss);
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
  CHECK_THROWS_AS(fit(model, Disks(2), Disks(2), test::encode_bytes, test::disk_options({}, 1)),
                  Error);
}

}  // namespace
