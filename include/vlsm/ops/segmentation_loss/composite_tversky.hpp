// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/ops/segmentation_loss/composite.hpp"

// Losses for rare foreground, composed of ATen's operations as those of composite.hpp are.
namespace vlsm {

/// What tversky_loss sums and how it weighs the two kinds of mistakes.
struct TverskyOptions {
  Squash squash = Squash::sigmoid;
  double false_positive = 0.5;  ///< weight of false positives (MONAI's alpha)
  double false_negative = 0.5;  ///< weight of false negatives (MONAI's beta)
  double exponent = 1;          ///< of the loss; Abraham and Khan's focal Tversky takes 0.75
  bool batch = false;           ///< sums run over the batch too
  Reduction reduction = Reduction::mean;
  double smooth_numerator = 1e-5;    ///< is added to |P and T|
  double smooth_denominator = 1e-5;  ///< is added to |P and T| and the weighted mistakes
};

/// MONAI's TverskyLoss of predictions and targets [B, C, H, W], raised to a power; [] or, without
/// reduction, [B, C, 1, 1] ([C, 1, 1] with `batch`). Throws Error where the shapes differ.
inline at::Tensor tversky_loss(at::Tensor const& prediction, at::Tensor const& target,
                               TverskyOptions const& options = {}) {
  detail::check_same_shape(prediction, target);
  at::Tensor const p = detail::squashed(prediction, options.squash);
  at::Tensor const t = target.to(p.scalar_type());
  std::vector<std::int64_t> over(options.batch ? 1 : 0, 0);
  for (std::int64_t d = 2; d < p.dim(); ++d) over.push_back(d);
  at::Tensor const both = (p * t).sum(over);
  at::Tensor const size = both + options.false_positive * (p.sum(over) - both) +
                          options.false_negative * (t.sum(over) - both);
  at::Tensor loss = 1 - (both + options.smooth_numerator) / (size + options.smooth_denominator);
  if (options.exponent != 1) loss = loss.clamp_min(0).pow(options.exponent);
  return detail::reduce(loss, options.reduction);
}

/// The two parts of dice_focal_loss and their weights; the defaults are MONAI's.
struct DiceFocalOptions {
  DiceOptions dice = {.squash = Squash::sigmoid};
  double dice_weight = 1;
  double focal_weight = 1;
  double gamma = 2;                       ///< exponent of the focal part
  double foreground = 1, background = 1;  ///< weights: MONAI's alpha and 1 - alpha
};

/// Dice plus the focal cross-entropy (Lin et al. 2017) of logits and targets [B, C, H, W]: MONAI's
/// DiceFocalLoss with a sigmoid; [] with a reduction. The focal part is averaged unless the
/// reduction is a sum. Throws Error where the shapes differ.
inline at::Tensor dice_focal_loss(at::Tensor const& logits, at::Tensor const& target,
                                  DiceFocalOptions const& options = {}) {
  at::Tensor const dice = dice_loss(logits, target, options.dice);
  at::Tensor const t = target.to(logits.scalar_type());
  at::Tensor const entropy =
      at::binary_cross_entropy_with_logits(logits, t, {}, {}, at::Reduction::None);
  at::Tensor const unlikely = at::log_sigmoid(logits * (1 - 2 * t));  // that what is true is not
  at::Tensor const weight = options.background + t * (options.foreground - options.background);
  at::Tensor const focal = weight * (unlikely * options.gamma).exp() * entropy;
  return options.dice_weight * dice +
         options.focal_weight *
             (options.dice.reduction == Reduction::sum ? focal.sum() : focal.mean());
}

}  // namespace vlsm
