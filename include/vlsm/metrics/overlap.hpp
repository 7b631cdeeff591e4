// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <limits>

#include "vlsm/ops/check.hpp"

namespace vlsm {

/// What the scores count.
struct MetricOptions {
  /// true: NaN wherever the target is empty; false: 1 where both are empty, 0 where only the target
  /// is.
  bool ignore_empty = false;
  bool background = true;  ///< false leaves channel 0 out (of more than one)
};

namespace detail {

struct Overlap {
  at::Tensor both, predicted, target;  ///< pixel counts, [B, C]
};

inline Overlap overlap(at::Tensor prediction, at::Tensor target, MetricOptions const& options) {
  check_same_shape(prediction, target);
  if (!options.background && prediction.size(1) > 1) {
    prediction = prediction.slice(1, 1);
    target = target.slice(1, 1);
  }
  at::Tensor const p = prediction.flatten(2).to(at::kBool), t = target.flatten(2).to(at::kBool);
  return {p.logical_and(t).sum(2).to(at::kDouble), p.sum(2).to(at::kDouble),
          t.sum(2).to(at::kDouble)};
}

inline at::Tensor ratio(at::Tensor const& part, at::Tensor const& whole, Overlap const& counts,
                        MetricOptions const& options) {
  at::Tensor const score = at::where(whole > 0, part / whole, 1.0);  // both empty
  if (!options.ignore_empty) return score.to(at::kFloat);
  return at::where(counts.target > 0, score, std::numeric_limits<double>::quiet_NaN())
      .to(at::kFloat);
}

}  // namespace detail

/// Dice similarity of masks [B, C, H, W] (any type, non-zero is foreground) per image and channel,
/// [B, C] in float32. Throws Error where the shapes differ.
inline at::Tensor dice_score(at::Tensor const& prediction, at::Tensor const& target,
                             MetricOptions const& options = {}) {
  auto const counts = detail::overlap(prediction, target, options);
  return detail::ratio(2 * counts.both, counts.predicted + counts.target, counts, options);
}

/// Intersection over union of masks [B, C, H, W], likewise.
inline at::Tensor iou_score(at::Tensor const& prediction, at::Tensor const& target,
                            MetricOptions const& options = {}) {
  auto const counts = detail::overlap(prediction, target, options);
  return detail::ratio(counts.both, counts.predicted + counts.target - counts.both, counts,
                       options);
}

}  // namespace vlsm
