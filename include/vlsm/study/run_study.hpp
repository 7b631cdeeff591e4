// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/study/cell.hpp"
#include "vlsm/study/result.hpp"
#include "vlsm/study/run_cell.hpp"

namespace vlsm::study {

/// Looks at everything that a study names, before anything runs: models and their weights and
/// vocabularies, data sets with their files and prompt levels, what is perturbed. Throws Error that
/// lists all that is wrong, that of the text (`wrong`, of `read_config`) first; `where` is the
/// config's file.
void check_config(Config const& config, std::string const& where,
                  std::vector<std::string> const& wrong = {});

/// What a study's run tells its caller.
struct StudyHooks {
  /// How much of this process's cells was finished before it began, 0 to 1.
  std::function<void(double share)> on_start = {};
  /// A cell begins: its number, from 1, among those that this process looks after, and their count.
  std::function<void(Cell const& cell, std::size_t number, std::size_t all)> on_cell = {};
  /// How much of the work of this process's cells is done, 0 to 1, and what runs.
  std::function<void(double share, std::string const& what)> on_progress = {};
  /// A cell failed; the others go on.
  std::function<void(Cell const& cell, std::string const& error)> on_failed = {};
};

/// What became of a study.
struct Outcome {
  std::size_t cells = 0;                                    ///< of the whole study
  std::size_t finished = 0;                                 ///< of these, by whichever process
  std::size_t ran = 0;                                      ///< by this process, now
  std::vector<std::pair<std::string, std::string>> failed;  ///< id and error, of this process
  bool stopped = false;  ///< CellOptions::stop said so; run again to go on
};

/// Runs the cells of a study in `out`/cells: those that are finished are left alone, one that was
/// interrupted goes on, one that fails is told of and the rest goes on. Any number of processes may
/// share `out`, each on its `part` of the cells or on all of them; each cell is done once. Throws
/// Error for a config that check_config refuses, for an `out` of another study, and where the disk
/// is full. The tables are write_tables'.
Outcome run_study(Config const& config, std::vector<Cell> const& cells,
                  std::filesystem::path const& out, Part part, CellOptions const& options,
                  StudyHooks const& hooks = {});

/// The results of the cells that are finished, in the order of `cells`. Throws Error where one is
/// damaged.
std::vector<CellResult> finished_results(std::vector<Cell> const& cells,
                                         std::filesystem::path const& out);

/// The cells of a config, as the registered models say which of them read prompts.
std::vector<Cell> registered_cells(Config const& config);

/// What a cell is expected to cost.
struct Estimate {
  double gflop = 0;
  double disk_gb = 0;      ///< 10^9 bytes that stay
  double running_gb = 0;   ///< 10^9 bytes more while cells run, of the largest
  double features_gb = 0;  ///< 10^9 bytes of features of frozen towers, over all models and sets
};
/// Of cells that are not finished yet; the features are those of all cells, whichever is finished.
/// Reads the annotations.
Estimate estimate(Config const& config, std::vector<Cell> const& cells,
                  std::filesystem::path const& out);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/check_config.hpp"
#include "vlsm/study/impl/run_study.hpp"
#endif
