// SPDX-License-Identifier: MIT
#include "vlsm/train/loss.hpp"

#include <torch/autograd.h>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"
#include "tests/support/recipe.hpp"

// Dice plus cross-entropy of logits, value and gradient, by each backend.
// benchmarks/peers/monai_loss.py times MONAI's under the same names.
namespace vlsm::bench {
namespace {

struct Outcome {
  at::Tensor value, gradient;
};

Outcome value_and_gradient(at::Tensor const& logits, at::Tensor const& target, Backend backend) {
  at::AutoGradMode const grad(true);
  at::Tensor const leaf = logits.detach().requires_grad_(true);
  at::Tensor const value = segmentation_loss(leaf, target, SegmentationLoss::dice_ce, backend);
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

struct Axes {
  Backend backend;
  char const* backend_name;
  std::int64_t batch, side;
};

Prepared prepare(Axes const& axes, Place const& place) {
  std::int64_t const shape[] = {axes.batch, 1, axes.side, axes.side};
  at::Tensor const rounded =
      (4 * test::recipe_uniform("bench:loss:logits", shape)).to(place.dtype.type);
  at::Tensor const mask = (test::recipe_image("bench:loss:target", shape) > 0.3).to(at::kFloat);
  Outcome const expected = plain(rounded.to(at::kFloat), mask);
  at::Tensor const logits = rounded.to(place.device), target = mask.to(place.device);
  auto const once = [=, backend = axes.backend] {
    return value_and_gradient(logits, target, backend);
  };
  Outcome const actual = once();
  // A gradient in bfloat16 has 8 bits; ATen rounds to them in between, too, the kernels do not.
  bool const fused = axes.backend == Backend::fused, wide = place.dtype.type == at::kFloat;
  double const for_value = wide || fused ? 1e-5 : 1e-2;
  double const for_gradient = wide ? 1e-4 : fused ? 1e-2 : 5e-2;
  return {
      .wrong = first_of({difference("value", actual.value, expected.value, for_value),
                         difference("gradient", actual.gradient, expected.gradient, for_gradient)}),
      .run = [once] {
        Outcome const result = once();
        benchmark::DoNotOptimize(result.gradient.const_data_ptr());
      }};
}

void add_case(Axes const& axes, Place const& place) {
  // The least that must move: logits and target in twice, since the gradient follows from the
  // sums over all pixels; the gradient out.
  double const each = 3.0 * static_cast<double>(c10::elementSize(place.dtype.type)) + 2 * 4.0;
  std::string const side = std::to_string(axes.side);
  add({.name = std::string("BM_DiceCE/backend:") + axes.backend_name +
               "/dtype:" + place.dtype.name + "/shape:" + std::to_string(axes.batch) + "x1x" +
               side + "x" + side,
       .work = {.bytes = each * static_cast<double>(axes.batch * axes.side * axes.side)},
       .prepare = [=] { return prepare(axes, place); },
       .place = place});
}

Registration const all([] {
  for (Place const& place : places({f32, bf16}, {f32, bf16}))
    for (auto const& [batch, side] : {std::pair{8, 352}, {32, 416}})
      for (auto const& [backend, name] :
           {std::pair{Backend::fused, "fused"}, {Backend::aten, "aten"}})
        add_case({backend, name, batch, side}, place);
});

}  // namespace
}  // namespace vlsm::bench
