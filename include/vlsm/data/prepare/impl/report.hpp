// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/prepare/report.hpp"

namespace vlsm {

VLSM_INLINE nlohmann::ordered_json PrepareReport::to_json() const {
  nlohmann::ordered_json json{{"dataset", dataset},
                              {"source", source},
                              {"images", images},
                              {"masks", masks},
                              {"rows", rows},
                              {"levels", levels},
                              {"findings", nlohmann::ordered_json::array()}};
  for (Finding const& finding : findings)
    json["findings"].push_back(
        {{"kind", finding.kind}, {"names", finding.names}, {"text", finding.text}});
  return json;
}

VLSM_INLINE std::string PrepareReport::to_text() const {
  std::string text =
      dataset + ": " + std::to_string(images) + " pictures, " + std::to_string(masks) + " masks\n";
  for (auto const& [split, count] : rows)
    text += "  " + split + ": " + std::to_string(count) + " rows\n";
  text += "  prompts:";
  for (std::string const& level : levels) text += " " + level;
  text += "\n";
  constexpr std::size_t shown = 5;
  std::map<std::string, std::size_t> lines;  // of each kind
  for (Finding const& finding : findings) {
    if (++lines[finding.kind] > shown) continue;
    std::string kind = finding.kind;
    std::ranges::replace(kind, '_', ' ');
    text += "  " + kind + ": " + finding.text;
    if (!finding.names.empty()) {
      text += " (" + std::to_string(finding.names.size()) + "): ";
      for (std::size_t i = 0; i < std::min(shown, finding.names.size()); ++i)
        text += (i ? ", " : "") + finding.names[i];
      if (finding.names.size() > shown) text += ", … (--json shows all)";
    }
    text += "\n";
  }
  for (auto const& [kind, count] : lines)
    if (count > shown) {
      std::string name = kind;
      std::ranges::replace(name, '_', ' ');
      text += "  " + name + ": " + std::to_string(count - shown) + " more (--json shows all)\n";
    }
  return text;
}

}  // namespace vlsm
