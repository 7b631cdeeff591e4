// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/error.hpp"
#include "vlsm/ops/segmentation_loss/composite.hpp"
#include "vlsm/ops/segmentation_loss/dice.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// The loss of that name of logits [B, 1, H, W] against masks in [0, 1].
inline at::Tensor segmentation_loss(at::Tensor const& logits, at::Tensor const& target,
                                    SegmentationLoss loss, Backend backend = Backend::fused) {
  DiceOptions const dice{.squash = Squash::sigmoid};
  switch (loss) {
    case SegmentationLoss::dice:
      return ops::dice(logits, target, dice, backend);
    case SegmentationLoss::dice_ce_of_probabilities:
      return ops::dice_ce_of_probabilities(logits, target, {.dice = dice}, backend);
    case SegmentationLoss::dice_ce:
      return ops::dice_ce(logits, target, {.dice = dice}, backend);
    case SegmentationLoss::tuned_dice:  // a composite: 16 bits would not hold its sums
      return tuned_dice_loss(logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat),
                             target, dice);
    case SegmentationLoss::dice_focal:
      return ops::dice_focal(logits, target, {}, backend);
    case SegmentationLoss::tversky:
      return ops::tversky(logits, target, {.false_positive = 0.3, .false_negative = 0.7}, backend);
  }
  return {};
}

/// The loss, a scalar, that `options` (of fit or evaluate) ask for, of logits [B, 1, H, W] against
/// masks of that shape in [0, 1]. Throws Error where `own_loss` does not return a scalar.
template <class Options>
at::Tensor chosen_loss(at::Tensor const& logits, at::Tensor const& target, Options const& options) {
  if (!options.own_loss) return segmentation_loss(logits, target, options.loss);
  at::Tensor const loss = options.own_loss(logits, target);
  if (!loss.defined() || loss.numel() != 1)
    throw Error(
        "the loss is no scalar",
        "own_loss returned " + (loss.defined() ? shape_text(loss.sizes()) : "an undefined tensor"),
        "return its mean over the pictures");
  return loss;
}

/// How many pictures of masks [B, 1, H, W] the mean of that loss is over: what a pass weighs among
/// those of a batch. All, but for `tuned_dice`, which counts those with an object.
template <class Options>
std::size_t counted_pictures(at::Tensor const& target, Options const& options) {
  if (options.own_loss || options.loss != SegmentationLoss::tuned_dice)
    return static_cast<std::size_t>(target.size(0));
  return static_cast<std::size_t>(
      (target == 1).flatten(1).any(1).sum().template item<std::int64_t>());
}

}  // namespace vlsm
