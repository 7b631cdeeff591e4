// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/ops/backend.hpp"
#include "vlsm/ops/segmentation_loss/composite_tversky.hpp"
#include "vlsm/ops/segmentation_loss/region_loss.hpp"

// The segmentation losses by name. Each equals the composite of its name; Backend::fused computes
// it in one read wherever the kernels can (they leave double, softmax, squared sizes and a skipped
// background to the composite), any other backend by ATen's operations.
namespace vlsm::ops {

namespace detail {

inline bool fuses(at::Tensor const& logits, at::Tensor const& target, DiceOptions const& options,
                  Backend backend) {
  return backend == Backend::fused && ops::fuses(logits, target) &&
         options.squash == Squash::sigmoid && !options.squared &&
         (options.background || logits.size(1) == 1);
}

template <class Term>
at::Tensor fused_dice(at::Tensor const& logits, at::Tensor const& target,
                      DiceOptions const& options, Term const& term, double dice_weight,
                      double term_weight) {
  double const top = options.smooth_numerator, bottom = options.smooth_denominator;
  if (options.jaccard)
    return fused_loss(
        logits, target,
        RegionLossOf<kernels::Jaccard, Term>{
            {top, bottom}, term, dice_weight, term_weight, options.reduction, options.batch});
  return fused_loss(
      logits, target,
      RegionLossOf<kernels::Dice, Term>{
          {top, bottom}, term, dice_weight, term_weight, options.reduction, options.batch});
}

}  // namespace detail

/// dice_loss of logits and targets [B, C, H, W]. Throws Error where the shapes differ.
inline at::Tensor dice(at::Tensor const& logits, at::Tensor const& target,
                       DiceOptions const& options, Backend backend = Backend::fused) {
  vlsm::detail::check_same_shape(logits, target);
  if (!detail::fuses(logits, target, options, backend)) return dice_loss(logits, target, options);
  return detail::fused_dice(logits, target, options, kernels::NoTerm{}, 1, 0);
}

/// dice_ce_loss of logits and targets [B, C, H, W]; with more channels than one its cross-entropy
/// is over channels, and is ATen's. Throws Error where the shapes differ.
inline at::Tensor dice_ce(at::Tensor const& logits, at::Tensor const& target,
                          DiceCeOptions const& options, Backend backend = Backend::fused) {
  vlsm::detail::check_same_shape(logits, target);
  if (logits.size(1) != 1 || !detail::fuses(logits, target, options.dice, backend))
    return dice_ce_loss(logits, target, options);
  return detail::fused_dice(logits, target, options.dice, kernels::EntropyOfLogits{},
                            options.dice_weight, options.ce_weight);
}

/// dice_ce_loss of sigmoid(logits), logits and targets [B, C, H, W]: what MONAI's makes of
/// probabilities, a cross-entropy after a second sigmoid. `options.dice.squash` must be the first.
/// Throws Error where the shapes differ.
inline at::Tensor dice_ce_of_probabilities(at::Tensor const& logits, at::Tensor const& target,
                                           DiceCeOptions options,
                                           Backend backend = Backend::fused) {
  vlsm::detail::check_same_shape(logits, target);
  if (logits.size(1) != 1 || !detail::fuses(logits, target, options.dice, backend)) {
    at::Tensor const probabilities = vlsm::detail::squashed(logits, options.dice.squash);
    options.dice.squash = Squash::none;
    return dice_ce_loss(probabilities, target, options);
  }
  return detail::fused_dice(logits, target, options.dice, kernels::EntropyOfProbabilities{},
                            options.dice_weight, options.ce_weight);
}

/// tversky_loss of logits and targets [B, C, H, W]. Throws Error where the shapes differ.
inline at::Tensor tversky(at::Tensor const& logits, at::Tensor const& target,
                          TverskyOptions const& options, Backend backend = Backend::fused) {
  vlsm::detail::check_same_shape(logits, target);
  if (backend != Backend::fused || options.squash != Squash::sigmoid || !fuses(logits, target))
    return tversky_loss(logits, target, options);
  kernels::Tversky const region{options.false_positive, options.false_negative,
                                options.smooth_numerator, options.smooth_denominator};
  if (options.exponent == 1)
    return fused_loss(
        logits, target,
        RegionLossOf<kernels::Tversky>{
            .region = region, .reduction = options.reduction, .batch = options.batch});
  return fused_loss(logits, target,
                    RegionLossOf<kernels::FocalTversky>{.region = {region, options.exponent},
                                                        .reduction = options.reduction,
                                                        .batch = options.batch});
}

/// dice_focal_loss of logits and targets [B, C, H, W]. Throws Error where the shapes differ.
inline at::Tensor dice_focal(at::Tensor const& logits, at::Tensor const& target,
                             DiceFocalOptions const& options, Backend backend = Backend::fused) {
  vlsm::detail::check_same_shape(logits, target);
  if (!detail::fuses(logits, target, options.dice, backend))
    return dice_focal_loss(logits, target, options);
  kernels::FocalEntropy const focal{static_cast<float>(options.gamma),
                                    static_cast<float>(options.foreground),
                                    static_cast<float>(options.background)};
  return detail::fused_dice(logits, target, options.dice, focal, options.dice_weight,
                            options.focal_weight);
}

}  // namespace vlsm::ops
