// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/augmentation.hpp"
#include "vlsm/data/subset.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/study/impl/begun.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/run_cell.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/loss_name.hpp"
#include "vlsm/train/run_log.hpp"
#include "vlsm/weights/model_tokenizer.hpp"
#include "vlsm/weights/open_model.hpp"

namespace vlsm::study {

namespace detail_run {

/// Rows of a test with the very sentences that they were scored with.
class Scored : public Dataset {
 public:
  Scored(OpenedTest const& opened, std::vector<RowResult> const& rows,
         std::vector<std::size_t> const& shown)
      : opened_(opened), rows_(rows), shown_(shown) {}
  std::size_t size() const override { return shown_.size(); }
  Example at(std::size_t i, Random& random) const override {
    Example example = opened_.data->at(opened_.rows[shown_[i]], random);
    example.prompt = rows_[shown_[i]].prompt;
    return example;
  }

 private:
  OpenedTest const& opened_;
  std::vector<RowResult> const& rows_;
  std::vector<std::size_t> const& shown_;
};

/// A cell while it runs.
class CellRun {
 public:
  CellRun(Config const& config, Cell const& cell, Sets& sets, std::filesystem::path const& folder,
          CellOptions const& options)
      : config_(config),
        cell_(cell),
        sets_(sets),
        folder_(folder),
        options_(options),
        model_(config.models[cell.model]),
        info_(find_model(model_.model)),
        fit_(fit_options(config, cell)),
        encode_(io::open_encode(info_,
                                {.tokenizer = model_.tokenizer,
                                 .vocabulary = model_.vocabulary,
                                 .weights = model_.weights},
                                options.told)) {}

  std::optional<CellResult> run() {
    CellResult result{.id = cell_.id,
                      .label = model_.label,
                      .model = model_.model,
                      .pretraining = pretraining(),
                      .subject = cell_.subject,
                      .trained_on = cell_.trained_on,
                      .prompt = cell_.prompt,
                      .share = cell_.share,
                      .seed = cell_.seed,
                      .training = {},
                      .tests = {},
                      .read = {}};
    if (std::string const weights = contents_of_weights(model_); !weights.empty())
      result.read["weights"] = weights;
    sets_.add_contents(cell_, info_.recipe, result.read);
    // Whatever is tested keeps what its towers see, for the perturbed prompts. Where they were
    // trained nobody else has use of it.
    bool const shared = cell_.zero_shot() || freezes_towers(config_, cell_);
    tested_features_ = shared && options_.features
                           ? options_.features
                           : std::make_shared<FeatureCache>(
                                 FeatureCacheOptions{.memory = options_.tested_features});
    if (cell_.zero_shot()) {
      tested_ = open(/*partial=*/false);
      freeze(tested_->module());
    } else {
      auto begun = result.read;
      sets_.add_training_files(cell_, info_.recipe, begun);
      if (begin_training(folder_, begun) && options_.told)
        options_.told(cell_.id + ": begun from other weights or data than there are now, so anew");
      auto const trained = train();
      if (!trained) return std::nullopt;
      result.training = *trained;
    }
    for (std::size_t i = 0; i < cell_.tests.size(); ++i) {
      auto tested = test(cell_.tests[i], result.read);
      if (stopped()) return std::nullopt;
      if (tested) result.tests.push_back(std::move(*tested));
      report(1 - test_share() * static_cast<double>(cell_.tests.size() - i - 1) /
                     static_cast<double>(cell_.tests.size()));
    }
    return result;
  }

 private:
  std::filesystem::path best() const { return folder_ / "best.safetensors"; }
  std::string pretraining() const {
    if (!model_.pretraining.empty()) return model_.pretraining;
    return model_.weights == "random" ? "none" : std::string(info_.pretraining);
  }
  /// Whether the cell was told to stop: once it was, for good, as what was told is half done.
  bool stopped() {
    stopped_ = stopped_ || (options_.stop && options_.stop());
    return stopped_;
  }
  /// How much of a cell's time its tests may take: a guess for the progress alone.
  double test_share() const { return cell_.zero_shot() ? 1.0 : 0.1; }
  void report(double share) const {
    if (options_.progress) options_.progress(share);
  }

  std::unique_ptr<AnySegmenter> open(bool partial) const {
    std::vector<io::LoadReport> reports;
    auto model = io::open_model(info_,
                                {.weights = model_.weights,
                                 .decoder_weights = model_.decoder_weights,
                                 .section = model_.weights_key,
                                 .partial = partial,
                                 .seed = cell_.seed},
                                &reports);
    if (options_.told)
      for (io::LoadReport const& report : reports)
        options_.told(model_.label + ": " + to_line(report));
    model->module().to(options_.device);
    return model;
  }

  std::optional<TrainingResult> train() {
    auto const train = sets_.training_rows(cell_, "train", info_.recipe),
               val = sets_.training_rows(cell_, "val", info_.recipe);
    auto const model = open(/*partial=*/true);
    if (freezes_towers(config_, cell_)) freeze_encoders(model->module());
    fit_.run = folder_;
    fit_.resume = true;
    fit_.workers = options_.workers;
    fit_.features = options_.features;
    RunLog log(folder_);
    FitHooks const hooks{.on_step =
                             [&](int epoch, std::size_t step, std::size_t steps, double) {
                               double const done =
                                   epoch - 1 +
                                   static_cast<double>(step) / static_cast<double>(steps);
                               report((1 - test_share()) * done / fit_.epochs);
                             },
                         .on_epoch = [&](Epoch const& epoch) { log.add(epoch); },
                         .stop = [&] { return stopped(); }};
    fit(*model, *train, *val, encode_, fit_, hooks);
    if (stopped()) return std::nullopt;
    tested_ = io::open_model(info_, {.weights = best().string()});
    tested_->module().to(options_.device);
    freeze(tested_->module());  // so that its towers' features may be kept
    auto const rows = read_run_log(folder_);
    TrainingResult result{.epochs = static_cast<int>(rows.size())};
    for (Epoch const& epoch : rows)
      if (epoch.best) result.best_epoch = epoch.epoch, result.val_dice = epoch.val_dice;
    return result;
  }

  /// Adds what it is scored on to `read`.
  std::optional<TestResult> test(Test const& test, std::map<std::string, std::string>& read) {
    OpenedTest const opened = sets_.test_rows(test, cell_.level(), info_.recipe);
    if (!opened.data) return std::nullopt;
    if (!opened.contents.empty()) read[test.set + ", " + test.split] = opened.contents;
    Subset const examples(opened.data, opened.rows);
    auto const scored = evaluate(*tested_, examples, encode_, evaluate_options());
    TestResult result{.test = test, .changed = opened.changed, .rows = {}};
    for (std::size_t i = 0; i < scored.scores.size(); ++i) {
      Score const& score = scored.scores[i];
      Annotation const& row = opened.data->row(opened.rows[i]);
      result.rows.push_back(
          {score.name, score.prompt, class_of_names(row.image, row.mask), score, score.picture});
    }
    drop_single_class(result.rows);
    bool const own = test.purpose == Purpose::own && !drawn_;
    if (own && !stopped()) draw(opened, result.rows);
    return result;
  }

  EvaluateOptions evaluate_options() {
    return {.batch = 8,
            .hausdorff = true,
            .picture_too = true,
            .precision = fit_.precision,
            .features = tested_features_,
            .seed = cell_.seed,
            .workers = options_.workers,
            .stop = [this] { return stopped(); }};
  }

  /// Classes that all rows share say nothing.
  static void drop_single_class(std::vector<RowResult>& rows) {
    bool const same = std::ranges::all_of(
        rows, [&](RowResult const& row) { return row.row_class == rows.front().row_class; });
    if (same)
      for (RowResult& row : rows) row.row_class.clear();
  }

  /// Writes figures/{best,median,worst}.png: what was found over the picture, and a line around
  /// the mask that was drawn by hand.
  void draw(OpenedTest const& opened, std::vector<RowResult> const& rows) {
    std::vector<std::size_t> const shown = notable_rows(rows);
    io::make_folder(folder_ / "figures", "check the folder, its permissions and the free space");
    EvaluateOptions how = evaluate_options();
    how.hausdorff = how.picture_too = false;
    how.on_example = [&](std::size_t i, at::Tensor const& logits) {
      std::size_t const index = opened.rows[shown[i]];
      Image const image = read_image(opened.data->image_path(index));
      Mask const found = restore_mask(at::sigmoid(logits), info_.recipe.threshold, image.shape(0),
                                      image.shape(1), info_.recipe);
      write_png(folder_ / "figures" / (figure_title(i, shown.size()) + ".png"),
                outlined(overlay(image, found), opened.data->mask(index)), /*flush=*/false);
    };
    evaluate(*tested_, Scored(opened, rows, shown), encode_, how);
    drawn_ = true;
  }

  Config const& config_;
  Cell const& cell_;
  Sets& sets_;
  std::filesystem::path const& folder_;
  CellOptions const& options_;
  Model const& model_;
  RegisteredModel const& info_;
  FitOptions fit_;
  Encode encode_;
  std::unique_ptr<AnySegmenter> tested_;
  std::shared_ptr<FeatureCache> tested_features_;
  bool drawn_ = false, stopped_ = false;
};

}  // namespace detail_run

VLSM_INLINE FitOptions fit_options(Config const& config, Cell const& cell) {
  Model const& model = config.models[cell.model];
  RegisteredModel const& info = find_model(model.model);
  Training const training = model.training.over(config.training);
  FitOptions fit{.epochs = training.epochs.value_or(100),
                 .batch = training.batch.value_or(info.batch),
                 .loss = find_loss(training.loss.value_or("auto"), info.vocabulary > 0),
                 .precision = parse_precision(training.precision.value_or("fp32")),
                 .schedule = training.schedule == "cosine" ? Schedule::cosine : Schedule::plateau,
                 .seed = cell.seed};
  fit.pass = training.pass.value_or(0);
  fit.augment = augmentation_of(training.augment.value_or(std::vector<std::string>()));
  fit.optimizer.learning_rate = training.learning_rate.value_or(info.learning_rate);
  fit.optimizer.weight_decay = training.weight_decay.value_or(fit.optimizer.weight_decay);
  fit.optimizer.clip = training.clip.value_or(fit.optimizer.clip);
  fit.early_stop.patience = training.patience.value_or(fit.early_stop.patience);
  return fit;
}

VLSM_INLINE bool freezes_towers(Config const& config, Cell const& cell) {
  Model const& model = config.models[cell.model];
  std::string const towers = model.training.over(config.training).towers.value_or("auto");
  if (towers != "auto") return towers == "frozen";
  return model.weights != "random" && !find_model(model.model).trains_towers;
}

VLSM_INLINE std::vector<std::size_t> notable_rows(std::vector<RowResult> const& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  // Where both are empty the Dice is 1 and the picture shows nothing: those come last.
  auto const shows = [&](std::size_t i) {
    return !(rows[i].model.dice == 1 && std::isnan(rows[i].model.hd95));
  };
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return rows[a].model.dice > rows[b].model.dice; });
  std::stable_partition(order.begin(), order.end(), shows);
  std::size_t const shown = static_cast<std::size_t>(std::ranges::count_if(order, shows));
  if (shown) order.resize(shown);
  if (order.size() < 3) return order;
  return {order.front(), order[order.size() / 2], order.back()};
}

VLSM_INLINE std::optional<CellResult> run_cell(Config const& config, Cell const& cell, Sets& sets,
                                               std::filesystem::path const& folder,
                                               CellOptions const& options) {
  return detail_run::CellRun(config, cell, sets, folder, options).run();
}

}  // namespace vlsm::study
