// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "vlsm/metrics/measures.hpp"
#include "vlsm/study/cell.hpp"

// What a cell found, as it stands in its metrics.json: no times and no paths, so that a cell done
// twice is the same file.
namespace vlsm::study {

/// One row of a test.
struct RowResult {
  std::string mask, prompt;
  std::string row_class;  ///< see class_of_names
  Measures model;         ///< at the model's size
  Measures picture;       ///< at the picture's
};

/// One test of a cell.
struct TestResult {
  Test test;
  std::size_t changed = 0;  ///< rows whose prompt is another than without the perturbation
  std::vector<RowResult> rows;
};

/// How a training went.
struct TrainingResult {
  int epochs = 0, best_epoch = 0;
  double val_dice = 0;
};

/// A finished cell.
struct CellResult {
  std::string id;
  std::string label, model, pretraining;  ///< of the model
  std::string subject;
  std::vector<std::string> trained_on;
  std::string prompt;
  double share = 100;
  std::uint64_t seed = 0;
  std::optional<TrainingResult> training;
  std::vector<TestResult> tests;
  /// What it read, as hashes: "weights", and each "SET, SPLIT". Cells of one study that read
  /// another thing under one name are of two states of the files.
  std::map<std::string, std::string> read = {};

  bool zero_shot() const { return trained_on.empty(); }
};

/// The text of metrics.json.
std::string to_text(CellResult const& result);
/// Reads it. Throws Error where it is damaged, naming `path`.
CellResult read_result(std::filesystem::path const& path);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/result.hpp"
#endif
