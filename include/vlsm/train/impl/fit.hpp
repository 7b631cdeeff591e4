// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/augment.hpp"
#include "vlsm/data/loader.hpp"
#include "vlsm/data/shard.hpp"
#include "vlsm/distributed/gradient_sync.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/train/check_disk_space.hpp"
#include "vlsm/train/check_options.hpp"
#include "vlsm/train/epoch_order.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/generators.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/shared_state.hpp"
#include "vlsm/train/state.hpp"
#include "vlsm/weights/save.hpp"

namespace vlsm {

namespace detail {

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
        group_(options.group ? *options.group : alone_),
        pass_(options.pass ? std::min(options.pass, options.batch) : options.batch),
        steps_((train.size() - 1) / options.batch + 1),
        device_(module_.parameters().front().device()),
        ids_(encode),
        optimizer_((module_.train(), broadcast_weights(group_, module_), module_),
                   options.optimizer),
        norms_(module_, group_),
        sync_(optimizer_.parameters(), group_, options.precision == Precision::fp32),
        state_{.plateau = options.plateau, .stop = options.early_stop, .seed = options.seed} {}

  std::vector<Epoch> run() {
    // At once: else a run that cannot be saved would say so after its first epoch.
    if (group_.is_main() && !options_.run.empty())
      io::make_folder(options_.run, "choose another folder for the run");
    if (options_.resume && group_.is_main()) resume();
    broadcast_state(group_, module_, optimizer_, state_);
    towers_.emplace(model_, options_.precision, options_.features);  // of these weights
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
    group_.barrier();  // until the first one has written
    return history;
  }

  /// Whether what `run` threw was thrown in all processes.
  bool failed_together() const { return failed_together_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::filesystem::path last() const { return options_.run / "last.safetensors"; }
  std::filesystem::path best() const { return options_.run / "best.safetensors"; }
  bool stopped() const { return group_.any(hooks_.stop && hooks_.stop()); }
  static double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }

  void resume() {
    std::error_code unseen;  // where it cannot be seen, the first save says why
    if (!std::filesystem::exists(last(), unseen)) return;
    load_state(last(), module_, optimizer_, state_);
    state_.finished = state_.stop.stopped();  // by the patience of this call
    if (state_.best_dice >= 0 && !std::filesystem::exists(best(), unseen))
      throw Error("the best weights of the run are gone", best().string(),
                  "bring them back, or take away what else there is of the run");
    check_running(state_.running, train_.size(), options_.batch, last());
    for (auto const& path : {last(), best()}) io::AtomicFile::clean_up(path);
  }

  /// The steps of an epoch that are left. False where it was stopped between two.
  bool train_epoch(Epoch& epoch) {
    module_.train();
    if (options_.batch_norms == BatchNorms::frozen)
      for (auto const& part : module_.modules(/*include_self=*/false))
        if (is_batch_norm(*part)) part->eval();
    std::optional<RoundedWeights> rounded;
    if (options_.precision == Precision::bf16) rounded.emplace(module_);
    RunningEpoch& done = state_.running;
    done.steps = steps_, done.pictures = train_.size(), done.batch = options_.batch;
    bool const keeps = towers_->keeps_pictures() && !options_.augment.any();
    std::vector<std::size_t> const order = epoch_order(options_.seed, epoch.epoch, train_.size());
    Shard const shard = shard_of(order, {.batch = options_.batch,
                                         .pass = pass_,
                                         .rank = static_cast<std::size_t>(group_.rank()),
                                         .processes = static_cast<std::size_t>(group_.size()),
                                         .by_example = keeps,
                                         .stand_ins = true});
    Loader loader(train_, ids_, shard.of(order), shard.ends,
                  {.seed = options_.seed,
                   .epoch = static_cast<std::uint64_t>(epoch.epoch),
                   .first = shard.passes_before(done.step),
                   .positions = shard.positions,
                   .workers = options_.workers,
                   .pinned = device_.is_cuda(),
                   .hash_pixels = keeps,
                   .change = augmentation(options_.augment, model_.info.recipe.normalize)});
    while (done.step < steps_) {
      if (stopped()) return false;
      take_step(loader, shard, epoch, rounded ? &*rounded : nullptr);
      if (done.step == steps_ || seconds_since(saved_) < 60 * options_.save_minutes) continue;
      rounded.reset();  // the masters are saved
      save_within_epoch();
      if (options_.precision == Precision::bf16) rounded.emplace(module_);
    }
    return true;
  }

  /// One step of the optimizer, over the passes of a batch.
  void take_step(Loader& loader, Shard const& shard, Epoch const& epoch, RoundedWeights* rounded) {
    RunningEpoch& done = state_.running;
    if (options_.schedule == Schedule::cosine) {
      double const part = static_cast<double>(done.step + 1) / static_cast<double>(steps_);
      optimizer_.set_learning_rate(options_.optimizer.learning_rate *
                                   warmup_cosine((state_.epoch + part) / options_.epochs));
    }
    at::manual_seed(step_seed(options_.seed, epoch.epoch, train_.size(), done.step, group_.rank()));
    auto const rows =
        static_cast<double>(std::min(options_.batch, train_.size() - done.step * options_.batch));
    std::size_t const first = shard.passes_before(done.step), last = shard.passes[done.step];
    bool const whole = group_.size() == 1 && last - first == 1;
    double loss = 0, counted = 0;
    std::vector<std::string> names;
    broken_.clear();
    for (std::size_t pass = first; pass < last; ++pass) {
      Batch loaded = *loader.next();
      std::size_t const count = shard.counts[pass] ? counted_pictures(loaded.mask, options_) : 0;
      double const weight = whole ? 1 : static_cast<double>(count) / rows;
      loaded = std::move(loaded).to(device_);
      norms_.count(shard.counts[pass]);
      double const value = pass_backward(loaded, weight, pass + 1 == last, rounded);
      counted += static_cast<double>(count);
      if (!shard.counts[pass]) continue;
      loss += weight * value;
      if (!std::isfinite(value)) broken_ = loaded.names;
      if (!std::isfinite(value) && group_.size() == 1) fail("the loss is not finite", broken_);
      names.insert(names.end(), loaded.names.begin(), loaded.names.end());
    }
    if (rounded && group_.size() > 1) {
      rounded->use_masters();
      sync_.all_reduce();
    }
    auto const sums = group_.all_reduce({loss, counted});
    double const weights = whole ? 1 : sums[1] / rows;
    loss = weights > 0 ? sums[0] / weights : sums[0];
    if (!std::isfinite(loss)) fail("the loss is not finite", broken_);
    double const norm = optimizer_.step(weights, rounded);
    if (!std::isfinite(norm)) fail("the gradient is not finite", names);
    ++done.step;
    done.loss += loss;
    done.gradient_norm += norm;
    if (hooks_.on_step) hooks_.on_step(epoch.epoch, done.step, steps_, loss);
  }

  /// Adds the gradient of some pictures of a batch. Returns their loss.
  double pass_backward(Batch const& batch, double weight, bool last, RoundedWeights* rounded) {
    at::Tensor const loss =
        chosen_loss(logits_of(model_, *towers_, batch, options_.precision), batch.mask, options_);
    double const value = loss.item<double>();
    // Others wait for this process's gradient, and hear by it of a loss that is not finite.
    if (!std::isfinite(value) && group_.size() == 1) return value;
    auto const backward = [&] { optimizer_.backward(loss, weight, rounded); };
    last && !rounded ? sync_.last_backward(loss, backward) : backward();
    return value;
  }

  /// Throws in all processes: Error in the first that has `names` of pictures.
  [[noreturn]] void fail(std::string const& what, std::vector<std::string> const& names) {
    failed_together_ = true;
    int const who = group_.first_rank_where(!names.empty()) % group_.size();
    if (who != group_.rank()) throw FailedElsewhere(who);
    std::string remedy = "lower the learning rate, or look for broken pictures";
    if (!options_.run.empty())
      remedy += (saves_ > 0 || options_.resume) && std::filesystem::exists(last())
                    ? "; the last good state is " + last().string()
                    : "; no state of this run was saved";
    throw Error(what,
                "epoch " + std::to_string(state_.epoch + 1) + ", step " +
                    std::to_string(state_.running.step + 1) + ", pictures " + first_names(names),
                remedy);
  }

  /// Scores the validation set, what trains in float32: what bf16's rounding adds to the scores
  /// would pick the best epoch, too. False where that was stopped.
  bool validate(Epoch& epoch) {
    Evaluation const seen = evaluate_with(model_, *towers_, val_, ids_,
                                          {.batch = options_.pass ? pass_ : shard_size(),
                                           .threshold = options_.threshold,
                                           .loss = options_.loss,
                                           .own_loss = options_.own_loss,
                                           .precision = Precision::fp32,
                                           .seed = options_.seed,
                                           .workers = options_.workers,
                                           .stop = hooks_.stop},
                                          group_);
    if (seen.scores.size() < val_.size()) return false;
    epoch.val_loss = seen.loss;
    epoch.val_dice = seen.dice().mean;
    return true;
  }

  /// Pictures of a batch in each process.
  std::size_t shard_size() const {
    auto const processes = static_cast<std::size_t>(group_.size());
    return (options_.batch - 1) / processes + 1;
  }

  /// Takes the epoch's figures into the state, reports it and writes it.
  void close(Epoch& epoch) {
    check_same_weights(module_, group_);
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
    saved_ = Clock::now();
    if (options_.run.empty() || !group_.is_main()) return;
    try {
      if (is_best) io::save(module_, best());
      save_state(last(), module_, optimizer_, state_);
    } catch (Error const&) {
      check_disk_space(options_.run, module_);
      throw;
    }
    ++saves_;
  }

  AnySegmenter& model_;
  torch::nn::Module& module_;
  Dataset const &train_, &val_;
  FitOptions const& options_;
  FitHooks const& hooks_;
  ProcessGroup alone_;
  ProcessGroup const& group_;
  std::size_t pass_, steps_;
  at::Device device_;
  PromptIds ids_;
  std::optional<FrozenTowers> towers_;
  Optimizer optimizer_;
  SyncedBatchNorms norms_;
  GradientSync sync_;
  TrainState state_;
  Clock::time_point started_, saved_;
  int saves_ = 0;
  bool failed_together_ = false;
  std::vector<std::string> broken_;  // pictures of a step whose loss is not finite
};

}  // namespace detail

VLSM_INLINE std::vector<Epoch> fit(AnySegmenter& model, Dataset const& train, Dataset const& val,
                                   Encode const& encode, FitOptions const& options,
                                   FitHooks const& hooks) {
  detail::check_options(options);
  detail::check_trains(model.module());
  KeepGenerators const keep;
  std::optional<detail::Training> training;
  try {
    detail::check_batch(options.batch, "FitOptions.batch", train, "the set to train with");
    detail::check_batch(options.batch, "FitOptions.batch", val, "the set to validate with");
    training.emplace(model, train, val, encode, options, hooks);
    return training->run();
  } catch (...) {
    if (options.group && !(training && training->failed_together())) options.group->fail();
    throw;
  }
}

}  // namespace vlsm
