// SPDX-License-Identifier: MIT
#include <torch/nn/modules/batchnorm.h>

#include <memory>

#include "support/disk_runs.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/nn/autocast.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/weights/load.hpp"

// Training in bf16, and the autocast that it is made of.
namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

TEST_CASE("bf16 learns what float32 learns, also inside an autocast of the user's") {
  double best[3] = {};
  for (int kind : {0, 1, 2}) {
    at::manual_seed(1);
    Segmenter<DiskSeg> model;
    auto made = test::disk_options({}, 40);
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
  auto made = test::disk_options(run.path(), 20);
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
      auto made = test::disk_options({}, 2);
      made.precision = precision;
      made.batch_norms = norms;
      fit(model, Disks(16), Disks(8), test::encode_bytes, made);
      bool const moved = !model.vision->norm->running_mean.equal(at::zeros({32}));
      CHECK(moved == (norms == BatchNorms::learn));
      CHECK((model.vision->norm->weight.scalar_type() == at::kFloat));
    }
}

}  // namespace
