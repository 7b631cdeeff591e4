// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/ops/check.hpp"

// The losses of the study as compositions of ATen's operations, with MONAI's formulas and options:
// reference and fallback of what ops/segmentation_loss/dice.hpp computes in one read. All take
// predictions and targets of one shape [B, C, H, W] and are differentiable by autograd.
namespace vlsm {

/// What becomes of the losses of all images and channels; none: they are kept.
enum class Reduction { mean, sum, none };
/// What makes probabilities of the predictions.
enum class Squash { none, sigmoid, softmax };

/// What dice_loss sums and how: the options of MONAI's DiceLoss.
struct DiceOptions {
  Squash squash = Squash::none;  ///< applied to the predictions first; none: they are probabilities
  bool background = true;        ///< false leaves channel 0 out (of more than one)
  bool squared = false;          ///< squares in the denominator (Milletari et al. 2016)
  bool jaccard = false;          ///< soft intersection over union instead of Dice
  bool batch = false;            ///< sums run over the batch too
  Reduction reduction = Reduction::mean;
  double smooth_numerator = 1e-5;    ///< is added to 2 |P and T|
  double smooth_denominator = 1e-5;  ///< is added to |P| + |T|
};

namespace detail {

inline at::Tensor reduce(at::Tensor const& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean:
      return losses.mean();
    case Reduction::sum:
      return losses.sum();
    case Reduction::none:
      break;
  }
  return losses.unsqueeze(-1).unsqueeze(-1);  // [B, C, 1, 1], as MONAI keeps it
}

inline at::Tensor squashed(at::Tensor const& x, Squash squash) {
  switch (squash) {
    case Squash::sigmoid:
      return at::sigmoid(x);
    case Squash::softmax:
      return x.size(1) > 1 ? at::softmax(x, 1) : x;
    case Squash::none:
      break;
  }
  return x;
}

}  // namespace detail

/// 1 - (2 |P and T| + smooth) / (|P| + |T| + smooth) per image and channel of predictions and
/// targets [B, C, H, W], reduced; [] or, without reduction, [B, C, 1, 1] ([C, 1, 1] with `batch`).
/// MONAI's DiceLoss. Throws Error where the shapes differ.
inline at::Tensor dice_loss(at::Tensor const& prediction, at::Tensor const& target,
                            DiceOptions const& options = {}) {
  detail::check_same_shape(prediction, target);
  at::Tensor p = detail::squashed(prediction, options.squash);
  at::Tensor t = target.to(p.scalar_type());
  if (!options.background && p.size(1) > 1) {
    p = p.slice(1, 1);
    t = t.slice(1, 1);
  }
  std::vector<std::int64_t> over(options.batch ? 1 : 0, 0);
  for (std::int64_t d = 2; d < p.dim(); ++d) over.push_back(d);
  // Squared sizes go through norms, and their overlap through the difference, in MONAI's order:
  // where a mask is empty the gradient is what rounding leaves, and it should be the same.
  auto const squares = [&](at::Tensor const& x) {
    return at::linalg_vector_norm(x, 2, over).pow(2);
  };
  at::Tensor const predicted = options.squared ? squares(p) : p.sum(over);
  at::Tensor const wanted = options.squared ? squares(t) : t.sum(over);
  at::Tensor const both =
      options.squared ? (predicted + wanted - squares(p - t)) / 2 : (p * t).sum(over);
  double const share = options.jaccard ? 1 : 0.5;
  at::Tensor const size = 2 * (both + share * (predicted - both) + share * (wanted - both));
  at::Tensor const loss =
      1 - (2 * both + options.smooth_numerator) / (size + options.smooth_denominator);
  return detail::reduce(loss, options.reduction);
}

/// medvlsm's TunedDiceLoss of predictions and targets [B, C, H, W]: channels whose target holds no
/// exact 1 are left out, images are averaged; [] with a reduction. An image without any such
/// channel makes the loss NaN there; here it is left out as well, and a batch without any gives 0.
/// Throws Error where the shapes differ.
inline at::Tensor tuned_dice_loss(at::Tensor const& prediction, at::Tensor const& target,
                                  DiceOptions const& options = {}) {
  detail::check_same_shape(prediction, target);
  at::Tensor sum = prediction.slice(0, 0, 0).sum();  // keeps the graph where nothing is left
  std::int64_t images = 0;
  for (std::int64_t b = 0; b < target.size(0); ++b) {
    at::Tensor const usable = (target[b] == 1).flatten(1).any(1);
    if (!usable.any().item<bool>()) continue;
    sum = sum + dice_loss(prediction[b].index({usable}).unsqueeze(0),
                          target[b].index({usable}).unsqueeze(0), options);
    ++images;
  }
  return images ? sum / images : sum;
}

/// The two parts of dice_ce_loss and their weights; the defaults are the study's.
struct DiceCeOptions {
  DiceOptions dice;
  double dice_weight = 1;
  double ce_weight = 0.2;  ///< of the cross-entropy
};

/// Dice plus cross-entropy of predictions and targets [B, C, H, W]: MONAI's DiceCELoss; [] with a
/// reduction. The cross-entropy reads `prediction` as logits, whatever `dice.squash` is: binary
/// with one channel, over the channels with more; without reduction it is averaged. Throws Error
/// where the shapes differ.
inline at::Tensor dice_ce_loss(at::Tensor const& prediction, at::Tensor const& target,
                               DiceCeOptions const& options = {}) {
  at::Tensor const dice = dice_loss(prediction, target, options.dice);
  at::Tensor const labels = target.to(prediction.scalar_type());
  auto const reduction =
      options.dice.reduction == Reduction::sum ? at::Reduction::Sum : at::Reduction::Mean;
  at::Tensor const ce =
      prediction.size(1) == 1
          ? at::binary_cross_entropy_with_logits(prediction, labels, {}, {}, reduction)
          : at::cross_entropy_loss(prediction, labels, {}, reduction);
  return options.dice_weight * dice + options.ce_weight * ce;
}

}  // namespace vlsm
