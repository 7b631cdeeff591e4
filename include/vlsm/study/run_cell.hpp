// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/study/cell.hpp"
#include "vlsm/study/result.hpp"
#include "vlsm/study/sets.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {
class FeatureCache;
}

namespace vlsm::study {

/// With what cells run; nothing of it changes what they find.
struct CellOptions {
  at::Device device = at::kCPU;
  int workers = -1;                             ///< threads that load pictures; as in FitOptions
  std::size_t pictures = std::size_t{3} << 30;  ///< most bytes of pictures that are kept
  std::size_t tested_features = std::size_t{1} << 30;  ///< most bytes of a trained model's features
  std::shared_ptr<FeatureCache> features = {};         ///< of towers that are frozen, for all cells
  std::function<bool()> stop = {};  ///< asked between steps; true ends the cell, unfinished
  std::function<void(double share)> progress = {};    ///< how much of the cell is done, 0 to 1
  std::function<void(std::string const&)> told = {};  ///< hears of what a user should know
  bool keep_checkpoint = true;  ///< best.safetensors stays when the cell is finished
};

/// Trains a cell in its folder (going on where an earlier try was stopped), tests it, draws its
/// best, median and worst picture, and returns what it found; nothing where it was stopped. Throws
/// Error where something fails; the folder then holds what is needed to go on.
std::optional<CellResult> run_cell(Config const& config, Cell const& cell, Sets& sets,
                                   std::filesystem::path const& folder, CellOptions const& options);

/// The options of `fit` for a cell: what the config says of its model, then of all, then what the
/// registered model notes.
FitOptions fit_options(Config const& config, Cell const& cell);

/// Whether a cell's training leaves the towers as they are.
bool freezes_towers(Config const& config, Cell const& cell);

/// Which rows of a test are shown: the best, the median and the worst by Dice (those with an
/// object first), by their place in `rows`.
std::vector<std::size_t> notable_rows(std::vector<RowResult> const& rows);

/// What the i-th of `count` notable rows is called: the best, the median, the worst.
inline std::string figure_title(std::size_t i, std::size_t count) {
  constexpr std::array<std::string_view, 3> titles{"best", "median", "worst"};
  return std::string(titles.at(count == 2 && i == 1 ? 2 : i));
}

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/run_cell.hpp"
#endif
