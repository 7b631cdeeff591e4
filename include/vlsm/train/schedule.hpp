// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

namespace vlsm {

/// torch's ReduceLROnPlateau (mode min, relative threshold, eps 0): the rate is multiplied by
/// `factor` once the watched loss has not fallen for more than `patience` epochs.
struct Plateau {
  double factor = 0.1;
  int patience = 5;
  double threshold = 1e-4;

  double best = std::numeric_limits<double>::infinity();
  int waited = 0;

  /// The rate after an epoch whose loss was `loss`.
  double next(double rate, double loss) {
    if (loss < best * (1 - threshold)) {
      best = loss;
      waited = 0;
    } else if (++waited > patience) {
      waited = 0;
      return rate * factor;
    }
    return rate;
  }
};

/// Lightning's EarlyStopping (mode max): stop once the watched score has not risen by more than
/// `min_delta` for `patience` epochs.
struct EarlyStop {
  double min_delta = 1e-4;
  int patience = 20;

  double best = -std::numeric_limits<double>::infinity();
  int waited = 0;

  bool stop(double score) {
    if (score > best + min_delta) {
      best = score;
      waited = 0;
      return false;
    }
    return ++waited >= patience;
  }
  /// Whether that has been said of the last score.
  bool stopped() const { return waited > 0 && waited >= patience; }
};

/// Linear warm-up, then half a cosine to 0: for models that train from scratch. `done` in [0, 1].
inline double warmup_cosine(double done, double warmup = 0.05) {
  if (done < warmup) return done / warmup;
  return 0.5 * (1 + std::cos(3.14159265358979323846 * (done - warmup) / (1 - warmup)));
}

}  // namespace vlsm
