// SPDX-License-Identifier: MIT
#include "vlsm/train/loss.hpp"

#include <torch/autograd.h>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"

// Dice plus cross-entropy of logits, value and gradient.
namespace vlsm::bench {
namespace {

struct Outcome {
  at::Tensor value, gradient;
};

Outcome value_and_gradient(at::Tensor const& logits, at::Tensor const& target) {
  at::AutoGradMode const grad(true);
  at::Tensor const leaf = logits.detach().requires_grad_(true);
  at::Tensor const value = segmentation_loss(leaf, target, LossMeaning::sound);
  return {value.detach(), torch::autograd::grad({value}, {leaf})[0]};
}

/// The same in double precision, by loops and with the derivatives written out: of
/// D = 1 - (2 I + e) / (P + T + e) per image, averaged, plus 0.2 times the mean binary
/// cross-entropy.
Outcome plain(at::Tensor const& logits, at::Tensor const& target) {
  constexpr double smooth = 1e-5, weight = 0.2;
  std::int64_t const batch = logits.size(0), pixels = logits.numel() / batch;
  at::Tensor gradient = at::empty(logits.sizes(), at::kDouble);
  float const* x = logits.const_data_ptr<float>();
  float const* t = target.const_data_ptr<float>();
  double* g = gradient.mutable_data_ptr<double>();
  double dice = 0, entropy = 0;
  auto const images = static_cast<double>(batch), all = static_cast<double>(batch * pixels);
  for (std::int64_t b = 0; b < batch; ++b, x += pixels, t += pixels, g += pixels) {
    double both = 0, predicted = 0, wanted = 0;
    for (std::int64_t i = 0; i < pixels; ++i) {
      double const p = 1 / (1 + std::exp(-static_cast<double>(x[i])));
      both += p * t[i];
      predicted += p;
      wanted += t[i];
      entropy -= t[i] * std::log(p) + (1 - t[i]) * std::log1p(-p);
    }
    double const top = 2 * both + smooth, size = predicted + wanted + smooth;
    dice += 1 - top / size;
    for (std::int64_t i = 0; i < pixels; ++i) {
      double const p = 1 / (1 + std::exp(-static_cast<double>(x[i])));
      double const of_dice = -(2 * t[i] * size - top) / (size * size) * p * (1 - p);
      g[i] = of_dice / images + weight * (p - t[i]) / all;
    }
  }
  return {at::scalar_tensor(dice / images + weight * entropy / all, at::kDouble), gradient};
}

Prepared prepare(std::int64_t batch, std::int64_t side) {
  at::Tensor const logits = 4 * test::recipe_uniform("bench:loss:logits", {batch, 1, side, side});
  at::Tensor const target =
      (test::recipe_image("bench:loss:target", {batch, 1, side, side}) > 0.3).to(at::kFloat);
  Outcome const actual = value_and_gradient(logits, target), expected = plain(logits, target);
  return {.wrong = first_of({difference("value", actual.value, expected.value, 1e-5),
                             difference("gradient", actual.gradient, expected.gradient)}),
          .run = [logits, target] {
            Outcome const result = value_and_gradient(logits, target);
            benchmark::DoNotOptimize(result.gradient.const_data_ptr());
          }};
}

void add_size(std::int64_t batch, std::int64_t side) {
  // The least that must move: logits and target in, the gradient out.
  double const bytes = 3.0 * 4.0 * static_cast<double>(batch * side * side);
  add({.name = "BM_Loss/loss:dice_ce/image:" + std::to_string(side) +
               "/batch:" + std::to_string(batch) + "/dtype:f32",
       .work = {.bytes = bytes},
       .prepare = [batch, side] { return prepare(batch, side); }});
}

}  // namespace

void add_loss() {
  add_size(8, 352);
  add_size(32, 416);
}

}  // namespace vlsm::bench
