// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/formats/source_set.hpp"

namespace vlsm {

/// What was prepared or checked, and what a user should know of it.
struct PrepareReport {
  std::string dataset, source;               ///< as SourceSet's
  bool own_prompts = false;                  ///< by a table of the user's
  std::size_t images = 0, masks = 0;         ///< how many files of each
  std::map<std::string, std::size_t> rows;   ///< split -> how many rows
  std::map<std::string, std::string> lists;  ///< file in anns/ -> hash of what was written there
  std::vector<std::string> levels;           ///< prompt levels that any row has, in natural order
  std::vector<Finding> findings;
  /// All of it, as report.json has it.
  nlohmann::ordered_json to_json() const;
  /// Lines for people: the numbers, the levels, and a line for each finding. Of a kind at most five
  /// findings are shown, of a finding at most five names, with how many there are.
  std::string to_text() const;
};

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/data/prepare/impl/report.hpp"
#endif
