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

/// What was prepared, and what a user should know of it.
struct PrepareReport {
  std::string dataset, source;  ///< as SourceSet's
  std::size_t images = 0, masks = 0;
  std::map<std::string, std::size_t> rows;  ///< of each split
  std::vector<std::string> levels;          ///< prompt levels that were written
  std::vector<Finding> findings;
  nlohmann::ordered_json to_json() const;
  /// A table for people: what was written, and a line for each finding, of a kind at most five.
  std::string to_text() const;
};

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/data/prepare/impl/report.hpp"
#endif
