// SPDX-License-Identifier: MIT
#include <torch/autograd.h>

#include "support/reference.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/weights/load.hpp"

// Five AdamW steps of the tiny CLIPSeg against torch, transformers and MONAI.
namespace {

using namespace vlsm;
using test::Reference;

double relative(at::Tensor const& expected, std::vector<double> const& actual) {
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    double const wanted = expected[static_cast<std::int64_t>(i)].item<double>();
    worst = std::max(worst, std::abs(actual[i] - wanted) / std::abs(wanted));
  }
  return worst;
}

void check_training(std::string const& mode, bool frozen) {
  auto const path = test::fixture("training/clipseg_tiny_a_" + mode + ".safetensors");
  auto const weights = test::fixture("clipseg/tiny_a/model.safetensors");
  VLSM_NEEDS(path && weights ? path : std::nullopt, "training/clipseg_tiny_a_*");
  Reference const reference(*path);
  Segmenter<test::TinyA> model;
  io::load(model, *weights);
  if (frozen) {
    freeze(*model.vision);
    freeze(*model.text);
  }
  auto const& info = reference.info();
  Optimizer optimizer(
      model,
      {.learning_rate = info["lr"], .weight_decay = info["weight_decay"], .clip = info["clip"]});
  Tokens const tokens{reference["input_ids"]};
  std::vector<double> losses, norms;
  for (int step = 0; step < 5; ++step) {
    at::Tensor const image = reference.input("pixel_values_step" + std::to_string(step));
    at::Tensor const mask = reference.input("mask_step" + std::to_string(step));
    at::Tensor const loss = segmentation_loss(model.forward(image, tokens), mask,
                                              SegmentationLoss::dice_ce_of_probabilities);
    losses.push_back(loss.item<double>());
    norms.push_back(optimizer.backward_and_step(loss));
  }
  double const loss_error = relative(reference["losses"], losses),
               norm_error = relative(reference["grad_norms"], norms);
  std::printf("%s: losses %.2g relative, gradient norms %.2g relative\n", mode.c_str(), loss_error,
              norm_error);
  CHECK(loss_error <= 1e-4);
  CHECK(norm_error <= 1e-4);
  at::NoGradGuard const no_grad;
  // Adam's first steps follow the sign of gradients, so entries whose gradient is nearly 0 may
  // differ by up to the learning rate (the key biases, say, whose true gradient is 0).
  reference.check("logits", model.forward(reference.input("pixel_values_eval"), tokens),
                  frozen ? 1e-3 : 5e-3);
}

TEST_CASE("training with frozen encoders gives the reference's losses and gradient norms") {
  check_training("frozen", true);
}
TEST_CASE("HF's class trains the decoder alone even when nothing is frozen") {
  check_training("unfrozen_hf", true);
}
TEST_CASE("training end to end gives the reference's losses and gradient norms") {
  check_training("end_to_end", false);
}
TEST_CASE(
    "training with gradients clipped to 0.05 gives the reference's losses and gradient norms") {
  check_training("frozen_clip0.05", true);
}

}  // namespace
