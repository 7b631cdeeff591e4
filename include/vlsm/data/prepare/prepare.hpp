// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/prepare/report.hpp"
#include "vlsm/prompts/tables.hpp"

namespace vlsm {

/// How a data set is prepared.
struct PrepareOptions {
  /// What masks do not tell, of each mask's name: {"shape": …, "color": …}. A JSON file; empty:
  /// none, and levels that need more are left out.
  std::filesystem::path attributes{};
  /// A folder of annotation lists as the study published them, which are then the splits: their
  /// rows are kept as they are.
  std::filesystem::path published{};
  std::optional<PromptTable> table{};  ///< none: the study's for this set, or no prompts but p0
  PositionRule position = PositionRule::study;
  /// Shares of train, val and test; all 0: the publisher's splits, or one called "all".
  std::array<int, 3> split{};
  std::uint64_t seed = 0;  ///< of that split
  bool clean = false;      ///< leave out rows that leak from a split to another
  bool link = false;       ///< hard links instead of copies, where that is possible
  unsigned threads = 0;    ///< 0: one for each core
  /// Told, from one thread at a time, how many of the files are done.
  std::function<void(std::size_t done, std::size_t all)> progress{};
};

/// Writes a data set in the study's layout below `target`: images/, masks/ (PNG, one channel, 0 and
/// 255), anns/SPLIT.json and report.json. Annotations come last: while preparing.json is there, the
/// set is not complete. A second run begins anew, and leaves pictures alone that are there. Throws
/// Error, where nothing is left that looks prepared.
PrepareReport prepare(SourceSet set, std::filesystem::path const& target,
                      PrepareOptions const& options = {});

/// The annotations alone, and nothing is written: rows with `img_name`, `mask_name`, `bbox`,
/// `prompts` and `attributes`, by their splits. Throws Error.
std::map<std::string, nlohmann::ordered_json> annotate(SourceSet set,
                                                       PrepareOptions const& options = {},
                                                       PrepareReport* report = nullptr);

/// Looks at a set that is in the study's layout: files that are missing or of unequal size, empty
/// masks, the same picture under two names or in two splits, rows that are there twice, equal
/// lists. Throws Error where the annotations or a file cannot be read.
PrepareReport check_dataset(std::filesystem::path const& folder,
                            PrepareOptions const& options = {});

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/data/prepare/impl/check_dataset.hpp"
#include "vlsm/data/prepare/impl/prepare.hpp"
#endif
