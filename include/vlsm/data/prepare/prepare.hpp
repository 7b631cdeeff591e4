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

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/prepare/report.hpp"
#include "vlsm/prompts/tables.hpp"

namespace vlsm {

/// How a data set is prepared.
struct PrepareOptions {
  /// An attribute file (prompts/attribute_file.hpp): what masks do not tell. Empty: none, and
  /// prompt levels that need more are left out.
  std::filesystem::path attributes{};
  /// A folder of annotation lists as the study published them, which are then the splits. Their
  /// rows keep all but the files' names, so `attributes`, `table`, `split` and `position` must be
  /// as they are here. Empty: none.
  std::filesystem::path published{};
  /// How prompts are made; unset: the study's table of this data set, or p0 alone for other sets.
  std::optional<PromptTable> table{};
  PositionRule position = PositionRule::study;
  /// Shares of train, val and test; all 0: the publisher's splits, or one called "all".
  std::array<int, 3> split{};
  std::uint64_t seed = 0;  ///< of that split
  bool clean = false;      ///< leave out rows that leak from a split to another or are there twice
  bool link = false;       ///< hard links instead of copies, where the file system has them
  unsigned threads = 0;    ///< 0: one for each core
  /// Called, by one thread at a time, with how many files are done and how many there are.
  std::function<void(std::size_t done, std::size_t all)> progress{};
};

/// Writes a data set in the study's layout below `target`: images/, masks/ (PNG, one channel, 0 and
/// 255), anns/SPLIT.json and report.json. `target` must be empty, missing, or of an earlier run of
/// the same set. anns/ is removed first and written last, so a folder with anns/ is complete; lists
/// in it that no run wrote are kept. A second run begins anew, but does not write pictures again
/// that are there with the same bytes. Throws Error for files that cannot be read or written,
/// pictures and masks of different sizes, masks of one name that differ, names that occur twice or
/// are not UTF-8, options that contradict each other, and a target that another run is preparing or
/// that the set or its published lists are read from; then there is no anns/, or what was there is
/// untouched.
PrepareReport prepare_dataset(SourceSet set, std::filesystem::path const& target,
                              PrepareOptions const& options = {});

/// The annotations alone, by their splits; nothing is written. A list is a JSON array of rows with
/// `img_name`, `mask_name`, `bbox`, `prompts` and `attributes`. `report`, unless null, is filled.
/// Of the options `link` has no effect. Throws Error as `prepare_dataset` does, but for writing.
std::map<std::string, nlohmann::ordered_json> annotate(SourceSet set,
                                                       PrepareOptions const& options = {},
                                                       PrepareReport* report = nullptr);

/// Looks at a set that is in the study's layout, and changes nothing: files that are missing or of
/// unequal size, empty and unclear masks, the same picture under two names or in two splits, rows
/// that are there twice, equal test lists. Of the options `threads` and `progress` count. Throws
/// Error where there is no anns/, or an annotation list or a file that is there cannot be read.
PrepareReport check_dataset(std::filesystem::path const& folder,
                            PrepareOptions const& options = {});

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/data/prepare/impl/check_dataset.hpp"
#include "vlsm/data/prepare/impl/prepare.hpp"
#endif
