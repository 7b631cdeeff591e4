// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/ops/dice.hpp"
#include "vlsm/train/composite_losses.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// The study's loss of logits [B, 1, H, W] against masks in [0, 1].
inline at::Tensor segmentation_loss(at::Tensor const& logits, at::Tensor const& target,
                                    LossMeaning meaning, Backend backend = Backend::fused) {
  DiceOptions const dice{.squash = Squash::sigmoid};
  switch (meaning) {
    case LossMeaning::study:
      return ops::dice(logits, target, dice, backend);
    case LossMeaning::monai:
      return ops::dice_ce_of_probabilities(logits, target, {.dice = dice}, backend);
    case LossMeaning::sound:
      return ops::dice_ce(logits, target, {.dice = dice}, backend);
  }
  return {};
}

}  // namespace vlsm
