// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <numeric>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/generators.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/state.hpp"
#include "vlsm/weights/save.hpp"

namespace vlsm {

VLSM_INLINE std::vector<Epoch> fit(AnySegmenter& model, Dataset const& train, Dataset const& val,
                                   Encode const& encode, FitOptions const& options,
                                   FitHooks const& hooks) {
  detail::check_batch(options.batch, "FitOptions.batch", train);
  detail::check_batch(options.batch, "FitOptions.batch", val);
  KeepGenerators const keep;
  torch::nn::Module& module = model.module();
  Optimizer optimizer(module, options.optimizer);
  TrainState state{.plateau = options.plateau, .stop = options.early_stop};
  auto const last = options.run / "last.safetensors", best = options.run / "best.safetensors";
  std::error_code unseen;  // where it cannot be seen, the first save says why
  if (options.resume && std::filesystem::exists(last, unseen)) {
    load_state(last, module, optimizer, state);
    for (auto const& path : {last, best}) io::AtomicFile::clean_up(path);
  }

  at::Device const device = module.parameters().front().device();
  std::vector<Epoch> history;
  std::size_t const steps = (train.size() + options.batch - 1) / options.batch;
  while (state.epoch < options.epochs && !state.finished) {
    auto const start = std::chrono::steady_clock::now();
    Epoch epoch{.epoch = state.epoch + 1};
    // Seeded anew each epoch, so that a resumed run draws what an unbroken one would have drawn.
    std::uint64_t const seed = options.seed * 1'000'003 + static_cast<std::uint64_t>(state.epoch);
    Random random(static_cast<Random::result_type>(seed));
    at::manual_seed(seed);
    std::vector<std::size_t> order(train.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[uniform_index(random, i)]);

    module.train();
    std::optional<RoundedWeights> rounded;
    if (options.precision == Precision::bf16) rounded.emplace(module);
    for (std::size_t step = 0; step < steps; ++step) {
      if (options.schedule == Schedule::cosine) {
        double const done =
            (state.epoch + static_cast<double>(step + 1) / static_cast<double>(steps)) /
            options.epochs;
        optimizer.set_learning_rate(options.optimizer.learning_rate * warmup_cosine(done));
      }
      std::span const indices(order.data() + step * options.batch,
                              std::min(options.batch, order.size() - step * options.batch));
      Batch const batch = collate(train, indices, random).to(device);
      at::Tensor const loss =
          chosen_loss(logits_of(model, batch, encode, options.precision), batch.mask, options);
      double const value = loss.item<double>();
      if (!std::isfinite(value))
        throw Error("the loss is not finite",
                    "epoch " + std::to_string(epoch.epoch) + ", step " + std::to_string(step + 1),
                    "lower the learning rate, or look for broken pictures");
      epoch.gradient_norm +=
          optimizer.step(loss, rounded ? &*rounded : nullptr) / static_cast<double>(steps);
      epoch.train_loss += value / static_cast<double>(steps);
      if (hooks.on_step) hooks.on_step(epoch.epoch, step + 1, steps, value);
    }
    rounded.reset();

    Evaluation const seen = evaluate(model, val, encode,
                                     {.batch = options.batch,
                                      .threshold = options.threshold,
                                      .loss = options.loss,
                                      .own_loss = options.own_loss,
                                      .precision = options.precision,
                                      .seed = options.seed});
    epoch.val_loss = seen.loss;
    epoch.val_dice = seen.dice().mean;
    epoch.learning_rate = optimizer.learning_rate();
    epoch.best = epoch.val_dice > state.best_dice;
    state.best_dice = std::max(state.best_dice, epoch.val_dice);
    state.finished = state.stop.stop(epoch.val_dice);
    if (options.schedule == Schedule::plateau)
      optimizer.set_learning_rate(state.plateau.next(optimizer.learning_rate(), epoch.val_loss));
    ++state.epoch;
    epoch.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    history.push_back(epoch);
    if (hooks.on_epoch) hooks.on_epoch(epoch);
    // Last of all: an epoch counts as done once it is reported and its weights are on the disk.
    if (!options.run.empty()) {
      if (epoch.best) io::save(module, best);
      save_state(last, module, optimizer, state);
    }
  }
  return history;
}

}  // namespace vlsm
