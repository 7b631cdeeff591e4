// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm::detail {

/// Throws Error for a threshold of a probability that is none, of the option `where`.
inline void check_threshold(float threshold, char const* where) {
  if (!(threshold >= 0 && threshold <= 1))
    throw Error("a threshold of a probability is from 0 to 1", where,
                "set another than " + std::to_string(threshold));
}

/// Throws Error for options with which nothing can be trained.
inline void check_options(FitOptions const& options) {
  if (options.precision == Precision::int8)
    throw Error("int8 is for inference only", "FitOptions.precision", "train in fp32 or bf16");
  if (options.epochs < 0)
    throw Error("a training of " + std::to_string(options.epochs) + " epochs", "FitOptions.epochs",
                "set it to 1 or more");
  check_threshold(options.threshold, "FitOptions.threshold");
  auto const check = [](double value, char const* name) {
    if (!(value >= 0) || !std::isfinite(value))
      throw Error("an optimizer cannot move by " + std::to_string(value),
                  std::string("OptimizerOptions.") + name, "set it to 0 or more");
  };
  check(options.optimizer.learning_rate, "learning_rate");
  check(options.optimizer.weight_decay, "weight_decay");
  if (!(options.optimizer.clip >= 0))  // infinity clips nothing
    throw Error("a gradient cannot be clipped to " + std::to_string(options.optimizer.clip),
                "OptimizerOptions.clip", "set it to more than 0, or to 0 for no clipping");
}

}  // namespace vlsm::detail
