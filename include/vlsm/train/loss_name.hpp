// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// What the losses are called on a command line and in a study's config.
inline constexpr std::array<std::pair<std::string_view, SegmentationLoss>, 6> losses_by_name{
    {{"dice", SegmentationLoss::dice},
     {"dice-ce-of-probabilities", SegmentationLoss::dice_ce_of_probabilities},
     {"dice-ce", SegmentationLoss::dice_ce},
     {"tuned-dice", SegmentationLoss::tuned_dice},
     {"dice-focal", SegmentationLoss::dice_focal},
     {"tversky", SegmentationLoss::tversky}}};

/// Their names; `first` stands before them.
inline std::vector<std::string> loss_names(std::vector<std::string> first = {}) {
  for (auto const& [name, loss] : losses_by_name) first.emplace_back(name);
  return first;
}

/// The loss of a name; "auto" is what the study trained such a model with: tuned Dice where it
/// reads no prompt, else Dice. Throws Error for another name.
inline SegmentationLoss find_loss(std::string_view name, bool reads_prompts) {
  if (name == "auto") return reads_prompts ? SegmentationLoss::dice : SegmentationLoss::tuned_dice;
  for (auto const& [known, loss] : losses_by_name)
    if (known == name) return loss;
  throw Error("there is no such loss", std::string(name),
              "choose one of " + strings::joined(loss_names({"auto"})));
}

}  // namespace vlsm
