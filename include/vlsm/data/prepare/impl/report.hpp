// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/prepare/report.hpp"

namespace vlsm {

namespace detail {

/// The line of a finding, with the names of at most `shown` files.
inline std::string finding_line(Finding const& finding, std::size_t shown) {
  std::string line = finding.text;
  if (finding.names.empty()) return line;
  auto const first = std::span(finding.names).first(std::min(shown, finding.names.size()));
  line += " (" + std::to_string(finding.names.size()) + "): " + strings::joined(first);
  return finding.names.size() > shown ? line + ", … (--json shows all)" : line;
}

/// A kind of finding as people read it: "empty mask".
inline std::string kind_words(std::string kind) {
  std::ranges::replace(kind, '_', ' ');
  return kind;
}

/// Names that may hold any bytes, as UTF-8.
inline std::vector<std::string> all_as_utf8(std::vector<std::string> names) {
  for (std::string& name : names) name = strings::as_utf8(name);
  return names;
}

}  // namespace detail

VLSM_INLINE nlohmann::ordered_json PrepareReport::to_json() const {
  // Names of folders and files may hold any bytes, of which JSON would take UTF-8 alone.
  std::map<std::string, std::size_t> counts;
  for (auto const& [split, count] : rows) counts[strings::as_utf8(split)] = count;
  nlohmann::ordered_json json{{"dataset", strings::as_utf8(dataset)},
                              {"source", strings::as_utf8(source)},
                              {"images", images},
                              {"masks", masks},
                              {"rows", counts},
                              {"levels", levels},
                              {"findings", nlohmann::ordered_json::array()}};
  if (own_prompts) json["prompts"] = "own";
  for (auto const& [name, hash] : lists) json["lists"][strings::as_utf8(name)] = hash;
  for (Finding const& finding : findings)
    json["findings"].push_back({{"kind", finding.kind},
                                {"names", detail::all_as_utf8(finding.names)},
                                {"text", strings::as_utf8(finding.text)}});
  return json;
}

VLSM_INLINE std::string PrepareReport::to_text() const {
  auto const in_line = [](std::string const& name) { return one_line(strings::as_utf8(name)); };
  std::string text = in_line(dataset) + ": " + std::to_string(images) + " pictures, " +
                     std::to_string(masks) + " masks\n";
  for (auto const& [split, count] : rows)
    text += "  " + in_line(split) + ": " + std::to_string(count) + " rows\n";
  text += "  prompts:";
  for (std::string const& level : levels) text += " " + level;
  text += "\n";
  constexpr std::size_t shown = 5;
  std::map<std::string, std::size_t> lines;  // kind -> findings of it so far
  for (Finding const& finding : findings) {
    if (++lines[finding.kind] > shown) continue;
    text += "  " + detail::kind_words(finding.kind) + ": " +
            in_line(detail::finding_line(finding, shown)) + "\n";
  }
  for (auto const& [kind, count] : lines)
    if (count > shown)
      text += "  " + detail::kind_words(kind) + ": " + std::to_string(count - shown) +
              " more (--json shows all)\n";
  return text;
}

}  // namespace vlsm
