// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/data/formats/source_set.hpp"

namespace vlsm::detail {

/// The levels of a row's prompts, under the name that a finding calls it by.
struct RowLevels {
  std::string name;
  std::set<std::string> levels;

  RowLevels(std::string row_name, nlohmann::ordered_json const& row) : name(std::move(row_name)) {
    for (auto const& [level, prompt] : row["prompts"].items()) levels.insert(level);
  }
};

/// The rows that lack prompts which others of them have, as a finding that may name none.
inline Finding lacking_levels(std::vector<RowLevels> const& rows) {
  Finding lacking{"lacks_levels", {}, "these rows lack prompts that others have"};
  std::set<std::string> all;
  for (RowLevels const& row : rows) all.insert(row.levels.begin(), row.levels.end());
  for (RowLevels const& row : rows)
    if (row.levels.size() < all.size()) lacking.names.push_back(row.name);
  return lacking;
}

/// The annotation rows with an object that lack an attribute of `needed` which others have
/// (`filled`), a finding for each such attribute, and those that lack levels for another reason.
/// Rows of masks for which `looked_at` is false are passed over.
inline std::vector<Finding> incomplete_rows(
    std::map<std::string, nlohmann::ordered_json> const& splits,
    std::set<std::string> const& needed, std::set<std::string> const& filled,
    std::function<bool(std::string const& mask)> const& looked_at) {
  std::map<std::string, Finding> lacking;  // by slot
  std::vector<RowLevels> complete;
  for (auto const& [split, rows] : splits)
    for (auto const& row : rows) {
      std::string const mask = row["mask_name"];
      auto const& attributes = row["attributes"];
      if (!attributes.contains("number") || !looked_at(mask)) continue;
      bool whole = true;
      for (std::string const& slot : needed)
        if (filled.contains(slot) && !attributes.contains(slot)) {
          whole = false;
          lacking
              .emplace(slot, Finding{"incomplete_attributes",
                                     {},
                                     "nothing fills {" + slot +
                                         "} in these rows: levels that need it are left out"})
              .first->second.names.push_back(mask);
        }
      if (whole) complete.emplace_back(mask, row);
    }
  std::vector<Finding> findings;
  for (auto& [slot, finding] : lacking) findings.push_back(std::move(finding));
  add_finding(findings, lacking_levels(complete));
  return findings;
}

/// A finding for the slots of `needed` that no row fills; `given`: there is an attribute file.
inline Finding unfilled_slots(std::set<std::string> const& needed,
                              std::set<std::string> const& filled, bool given) {
  Finding slots{"unfilled_slot",
                {},
                "nothing fills these slots of the prompts: levels that need them are left out"};
  for (std::string const& name : needed)
    if (!filled.contains(name)) slots.names.push_back("{" + name + "}");
  slots.text += given && !filled.empty() ? "; the attribute file does not name them"
                                         : "; give them with --attributes";
  return slots;
}

}  // namespace vlsm::detail
