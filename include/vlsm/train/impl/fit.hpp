// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <numeric>
#include <optional>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/data/augment.hpp"
#include "vlsm/data/loader.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/generators.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/state.hpp"
#include "vlsm/weights/save.hpp"

namespace vlsm {

namespace detail {

/// "a.png, b.png, c.png and 5 more"
inline std::string first_names(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
    text += (i ? ", " : "") + names[i];
  return names.size() > 3 ? text + " and " + std::to_string(names.size() - 3) + " more" : text;
}

/// One call of fit.
class Training {
 public:
  Training(AnySegmenter& model, Dataset const& train, Dataset const& val, Encode const& encode,
           FitOptions const& options, FitHooks const& hooks)
      : model_(model),
        module_(model.module()),
        train_(train),
        val_(val),
        options_(options),
        hooks_(hooks),
        pass_(options.pass ? std::min(options.pass, options.batch) : options.batch),
        steps_((train.size() + options.batch - 1) / options.batch),
        device_(module_.parameters().front().device()),
        ids_(encode),
        towers_((module_.train(), model), options.precision, options.features),
        optimizer_(module_, options.optimizer),
        state_{.plateau = options.plateau, .stop = options.early_stop} {}

  std::vector<Epoch> run() {
    if (options_.resume) resume();
    std::vector<Epoch> history;
    while (state_.epoch < options_.epochs && !state_.finished) {
      started_ = saved_ = Clock::now();
      Epoch epoch{.epoch = state_.epoch + 1};
      if (!train_epoch(epoch) || !validate(epoch)) {
        save_within_epoch();
        if (hooks_.on_stop) hooks_.on_stop(epoch.epoch, state_.running.step, steps_);
        break;
      }
      close(epoch);
      history.push_back(epoch);
    }
    return history;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::filesystem::path last() const { return options_.run / "last.safetensors"; }
  std::filesystem::path best() const { return options_.run / "best.safetensors"; }
  bool stopped() const { return hooks_.stop && hooks_.stop(); }
  static double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }

  void resume() {
    std::error_code unseen;  // where it cannot be seen, the first save says why
    if (!std::filesystem::exists(last(), unseen)) return;
    load_state(last(), module_, optimizer_, state_);
    if (state_.running.step > 0 && state_.running.steps != steps_)
      throw Error("the run stopped within an epoch of " + std::to_string(state_.running.steps) +
                      " steps, not " + std::to_string(steps_),
                  last().string(), "resume with the same pictures and the same batch");
    for (auto const& path : {last(), best()}) io::AtomicFile::clean_up(path);
  }

  /// The steps of an epoch that are left. False where it was stopped between two.
  bool train_epoch(Epoch& epoch) {
    module_.train();
    std::optional<RoundedWeights> rounded;
    if (options_.precision == Precision::bf16) rounded.emplace(module_);
    RunningEpoch& done = state_.running;
    done.steps = steps_;
    std::size_t const passes = (options_.batch + pass_ - 1) / pass_;
    Loader loader(train_, ids_, shuffled(epoch.epoch),
                  batch_ends(train_.size(), options_.batch, pass_),
                  {.seed = options_.seed,
                   .epoch = static_cast<std::uint64_t>(epoch.epoch),
                   .first = done.step * passes,
                   .workers = options_.workers,
                   .pinned = device_.is_cuda(),
                   .hash_pixels = towers_.keeps_pictures() && !options_.augment.any(),
                   .change = augmentation()});
    while (done.step < steps_) {
      if (stopped()) return false;
      take_step(loader, epoch, rounded ? &*rounded : nullptr);
      if (done.step == steps_ || seconds_since(saved_) < 60 * options_.save_minutes) continue;
      rounded.reset();  // the masters are saved
      save_within_epoch();
      if (options_.precision == Precision::bf16) rounded.emplace(module_);
    }
    return true;
  }

  /// What is done to the training's pictures, by whatever thread loads them.
  std::function<void(Example&, Random&)> augmentation() const {
    if (!options_.augment.any()) return {};
    return [how = options_.augment, normalization = model_.info.recipe.normalize](
               Example& example, Random& random) { augment(example, how, normalization, random); };
  }

  /// The order of an epoch.
  std::vector<std::size_t> shuffled(int epoch) const {
    Random random = example_random(options_.seed, static_cast<std::uint64_t>(epoch), train_.size());
    std::vector<std::size_t> order(train_.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[uniform_index(random, i)]);
    return order;
  }

  /// One step of the optimizer, over the passes of a batch.
  void take_step(Loader& loader, Epoch const& epoch, RoundedWeights* rounded) {
    RunningEpoch& done = state_.running;
    if (options_.schedule == Schedule::cosine) {
      double const share = static_cast<double>(done.step + 1) / static_cast<double>(steps_);
      optimizer_.set_learning_rate(options_.optimizer.learning_rate *
                                   warmup_cosine((state_.epoch + share) / options_.epochs));
    }
    // Dropout is seeded anew each step, so that a resumed run draws what an unbroken one would
    // have.
    at::manual_seed(example_random(options_.seed, static_cast<std::uint64_t>(epoch.epoch),
                                   train_.size() + 1 + done.step)());
    std::size_t const rows = std::min(options_.batch, train_.size() - done.step * options_.batch);
    double loss = 0;
    std::size_t counted = 0;
    std::vector<std::string> names;
    for (std::size_t seen = 0; seen < rows;) {
      Batch loaded = *loader.next();
      std::size_t const count = counted_pictures(loaded.mask, options_);
      double const weight =
          rows <= pass_ ? 1 : static_cast<double>(count) / static_cast<double>(rows);
      loss += weight * pass_backward(std::move(loaded).to(device_), weight, rounded, names);
      counted += count;
      seen = names.size();
    }
    double const weights =
        rows <= pass_ ? 1 : static_cast<double>(counted) / static_cast<double>(rows);
    double const norm = optimizer_.move(weights, rounded);
    if (!std::isfinite(norm)) fail("the gradient is not finite", names);
    if (weights > 0) loss /= weights;
    ++done.step;
    done.loss += loss;
    done.gradient_norm += norm;
    if (hooks_.on_step) hooks_.on_step(epoch.epoch, done.step, steps_, loss);
  }

  /// Adds the gradient of some pictures of a batch, and their names. Returns their loss.
  double pass_backward(Batch const& batch, double weight, RoundedWeights* rounded,
                       std::vector<std::string>& names) {
    at::Tensor const loss =
        chosen_loss(logits_of(model_, towers_, batch, options_.precision), batch.mask, options_);
    double const value = loss.item<double>();
    if (!std::isfinite(value)) fail("the loss is not finite", batch.names);
    optimizer_.add(loss, weight, rounded);
    names.insert(names.end(), batch.names.begin(), batch.names.end());
    return value;
  }

  [[noreturn]] void fail(std::string const& what, std::vector<std::string> const& names) const {
    std::string remedy = "lower the learning rate, or look for broken pictures";
    if (!options_.run.empty())
      remedy += std::filesystem::exists(last()) ? "; the last good state is " + last().string()
                                                : "; no state of this run was saved";
    throw Error(what,
                "epoch " + std::to_string(state_.epoch + 1) + ", step " +
                    std::to_string(state_.running.step + 1) + ", pictures " + first_names(names),
                remedy);
  }

  /// Scores the validation set. False where that was stopped.
  bool validate(Epoch& epoch) {
    Evaluation const seen = evaluate_with(model_, towers_, val_, ids_,
                                          {.batch = pass_,
                                           .threshold = options_.threshold,
                                           .loss = options_.loss,
                                           .own_loss = options_.own_loss,
                                           .precision = options_.precision,
                                           .seed = options_.seed,
                                           .workers = options_.workers,
                                           .stop = hooks_.stop});
    if (seen.scores.size() < val_.size()) return false;
    epoch.val_loss = seen.loss;
    epoch.val_dice = seen.dice().mean;
    return true;
  }

  /// Takes the epoch's figures into the state, reports it and writes it.
  void close(Epoch& epoch) {
    RunningEpoch const done = std::exchange(state_.running, {});
    epoch.train_loss = done.loss / static_cast<double>(steps_);
    epoch.gradient_norm = done.gradient_norm / static_cast<double>(steps_);
    epoch.learning_rate = optimizer_.learning_rate();
    epoch.best = epoch.val_dice > state_.best_dice;
    state_.best_dice = std::max(state_.best_dice, epoch.val_dice);
    state_.finished = state_.stop.stop(epoch.val_dice);
    if (options_.schedule == Schedule::plateau)
      optimizer_.set_learning_rate(state_.plateau.next(optimizer_.learning_rate(), epoch.val_loss));
    ++state_.epoch;
    epoch.seconds = done.seconds + seconds_since(started_);
    if (hooks_.on_epoch) hooks_.on_epoch(epoch);
    // Last of all: an epoch counts as done once it is reported and its weights are on the disk.
    save(epoch.best);
  }

  /// Writes a state from which a resumed run goes on at this step.
  void save_within_epoch() {
    state_.running.seconds += seconds_since(std::exchange(started_, Clock::now()));
    save();
  }

  void save(bool is_best = false) {
    if (options_.run.empty()) return;
    try {
      if (is_best) io::save(module_, best());
      save_state(last(), module_, optimizer_, state_);
    } catch (Error const&) {
      tell_of_full_disk();
      throw;
    }
    saved_ = Clock::now();
    ++saves_;
  }

  /// Throws Error with what is needed, where that is why nothing can be written.
  void tell_of_full_disk() const {
    std::size_t bytes = 1 << 20;
    for (at::Tensor const& tensor : module_.parameters())  // a weight and its two moments
      bytes += tensor.nbytes() * (tensor.requires_grad() ? 3 : 1);
    std::error_code unseen;
    auto const space = std::filesystem::space(options_.run, unseen);
    if (unseen || space.available >= bytes) return;
    throw NoSpace("the disk is full", options_.run.string(),
                  "free " + std::to_string(bytes / 1'000'000 + 1) +
                      " MB there (cached features can be made again; a finished run needs no "
                      "last.safetensors) and resume: the state before is whole");
  }

  AnySegmenter& model_;
  torch::nn::Module& module_;
  Dataset const &train_, &val_;
  FitOptions const& options_;
  FitHooks const& hooks_;
  std::size_t pass_, steps_;
  at::Device device_;
  PromptIds ids_;
  FrozenTowers towers_;
  Optimizer optimizer_;
  TrainState state_;
  Clock::time_point started_, saved_;
  int saves_ = 0;
};

}  // namespace detail

VLSM_INLINE std::vector<Epoch> fit(AnySegmenter& model, Dataset const& train, Dataset const& val,
                                   Encode const& encode, FitOptions const& options,
                                   FitHooks const& hooks) {
  detail::check_batch(options.batch, "FitOptions.batch", train);
  detail::check_batch(options.batch, "FitOptions.batch", val);
  KeepGenerators const keep;
  return detail::Training(model, train, val, encode, options, hooks).run();
}

}  // namespace vlsm
