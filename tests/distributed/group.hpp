// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/train/fit.hpp"

// Tests that mpirun starts in several processes: each runs all cases, at the same time.
namespace vlsm::test {

/// The processes of this mpirun.
inline ProcessGroup& group() {
  static ProcessGroup processes(find_launch(), at::kCPU);
  return processes;
}

/// What a training gave.
struct Trained {
  std::vector<double> losses;  ///< of each step
  std::vector<Epoch> epochs;
  std::vector<at::Tensor> weights;  ///< and buffers
};

/// Trains an A that is drawn from seed 1, changed by `prepare`.
template <class A>
Trained train(Dataset const& examples, Dataset const& val, Encode const& encode, FitOptions options,
              std::function<void(Segmenter<A>&)> const& prepare = {}, FitHooks hooks = {}) {
  at::manual_seed(1);
  Segmenter<A> model;
  if (prepare) prepare(model);
  Trained result;
  options.workers = 1;
  hooks.on_step = [&](int, std::size_t, std::size_t, double loss) {
    result.losses.push_back(loss);
  };
  result.epochs = fit(model, examples, val, encode, options, hooks);
  for (auto const& list : {model.parameters(), model.buffers()})
    for (at::Tensor const& tensor : list) result.weights.push_back(tensor.detach().clone());
  return result;
}

/// Whether the figures of two trainings agree to `epsilon`, relative.
inline void check_same(Trained const& one, Trained const& many, double epsilon) {
  auto const close = [&](double a, double b) { return doctest::Approx(a).epsilon(epsilon) == b; };
  REQUIRE(one.losses.size() == many.losses.size());
  double worst = 0;
  for (std::size_t i = 0; i < one.losses.size(); ++i)
    worst = std::max(worst, std::abs(many.losses[i] / one.losses[i] - 1));
  INFO("worst loss: ", worst, " of ", one.losses.size(), " steps");
  CHECK(worst <= epsilon);
  REQUIRE(one.epochs.size() == many.epochs.size());
  for (std::size_t i = 0; i < one.epochs.size(); ++i) {
    CHECK(close(one.epochs[i].train_loss, many.epochs[i].train_loss));
    CHECK(close(one.epochs[i].val_loss, many.epochs[i].val_loss));
    CHECK(one.epochs[i].val_dice ==
          doctest::Approx(many.epochs[i].val_dice).epsilon(std::max(1e-4, epsilon)));
    CHECK(one.epochs[i].learning_rate == many.epochs[i].learning_rate);
  }
}

/// Whether all processes have the same weights, to the bit.
inline void check_bits(Trained const& here) {
  for (at::Tensor const& weight : here.weights) {
    at::Tensor const first = weight.clone();
    group().broadcast(first);
    CHECK_FALSE(group().any(!at::equal(first, weight)));
  }
}

}  // namespace vlsm::test
