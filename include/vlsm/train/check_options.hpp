// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm::detail {

/// Throws Error unless `threshold`, the option `where`, is unset or from 0 to 1.
inline void check_threshold(std::optional<float> threshold, char const* where) {
  if (threshold && !(*threshold >= 0 && *threshold <= 1))
    throw Error("a threshold of a probability is from 0 to 1", where,
                "set another than " + std::to_string(*threshold));
}

/// Throws Error for options with which nothing can be trained.
inline void check_options(FitOptions const& options) {
  if (options.precision == Precision::int8)
    throw Error("int8 is for inference only", "FitOptions.precision", "train in fp32 or bf16");
  if (options.epochs < 1)
    throw Error("a training of " + std::to_string(options.epochs) + " epochs", "FitOptions.epochs",
                "set it to 1 or more");
  check_threshold(options.threshold, "FitOptions.threshold");
  constexpr double most = std::numeric_limits<double>::max(),
                   never = std::numeric_limits<double>::infinity();
  auto const text = [](double value) { return (std::ostringstream() << value).str(); };
  auto const check = [&](char const* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      throw Error("this option cannot be " + text(value), name,
                  "set it to " + text(low) + (high >= most ? " or more" : " up to " + text(high)));
  };
  check("OptimizerOptions.learning_rate", options.optimizer.learning_rate, 0, most);
  check("OptimizerOptions.weight_decay", options.optimizer.weight_decay, 0, most);
  check("Plateau.factor", options.plateau.factor, 0, 1);
  check("Plateau.patience", options.plateau.patience, 0, most);
  check("Plateau.threshold", options.plateau.threshold, 0, 1);
  check("EarlyStop.patience", options.early_stop.patience, 0, most);
  check("EarlyStop.min_delta", options.early_stop.min_delta, -1, 1);
  check("FitOptions.save_minutes", options.save_minutes, 0, never);
  check("FitOptions.workers", options.workers, -1, most);
  Augmentation const& augment = options.augment;
  check("Augmentation.flip", augment.flip, 0, 1);
  check("Augmentation.rotate", augment.rotate, 0, 1);
  check("Augmentation.contrast", augment.contrast, 0, 1);
  check("Augmentation.brightness", augment.brightness, 0, 1);
  check("Augmentation.degrees", augment.degrees, 0, 360);
  check("Augmentation.least_gamma", augment.least_gamma, 0, augment.most_gamma);
  check("Augmentation.most_gamma", augment.most_gamma, 0, most);
  check("Augmentation.factor", augment.factor, 0, 1);
  if (!(options.optimizer.clip >= 0))  // infinity clips nothing
    throw Error("a gradient cannot be clipped to " + std::to_string(options.optimizer.clip),
                "OptimizerOptions.clip", "set it to more than 0, or to 0 for no clipping");
}

/// Throws Error where nothing of a model can be trained.
inline void check_trains(torch::nn::Module const& model) {
  require_unprepared(model, "fit");
  if (trainable(model).empty())
    throw Error("no parameter of the model trains", "fit", "leave a slot that has some unfrozen");
  if (!at::GradMode::is_enabled())
    throw Error("gradients are switched off", "fit", "call it outside of a NoGradGuard");
}

}  // namespace vlsm::detail
