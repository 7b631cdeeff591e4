// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "support/disks.hpp"
#include "vlsm/train/fit.hpp"

namespace vlsm::test {

/// How disks are learned; a run in a folder, or nowhere.
inline FitOptions disk_options(std::filesystem::path const& run, int epochs) {
  return {.epochs = epochs,
          .batch = 8,
          .optimizer = {.learning_rate = 2e-3, .clip = 1},
          .loss = SegmentationLoss::dice_ce,
          .seed = 3,
          .run = run};
}

/// Whether two models of one kind have the same parameters to the bit.
inline bool equal_weights(torch::nn::Module const& a, torch::nn::Module const& b) {
  auto const left = a.parameters(), right = b.parameters();
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!left[i].equal(right[i])) return false;
  return true;
}

}  // namespace vlsm::test
