// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "vlsm/prompts/builtin_tables.hpp"
#include "vlsm/prompts/prompt_table.hpp"

namespace vlsm {

namespace detail {

/// A table with the members of the one that it is `like`, as deep as it names one.
inline nlohmann::json resolve_prompt_table(nlohmann::json table, std::string const& where) {
  static nlohmann::json const known = [] {
    auto tables = nlohmann::json::parse(builtin_prompt_tables);
    tables.update(nlohmann::json::parse(study_prompt_tables));
    return tables;
  }();
  constexpr int deepest = 4;
  for (int depth = 0; depth < deepest && table.is_object() && table.contains("like"); ++depth) {
    auto const& name = table["like"];
    if (!name.is_string() || !known.contains(name.get<std::string>()))
      throw Error("there is no prompt table to be like", where,
                  "name a data set of the study, or photographic, breast_ultrasound, "
                  "cardiac_ultrasound, chest_x_ray");
    nlohmann::json whole = known[name.get<std::string>()];
    table.erase("like");
    whole.merge_patch(table);
    table = std::move(whole);
  }
  if (!table.is_object() || (table.contains("known") && !table["known"].is_object())) return table;
  nlohmann::json words = nlohmann::json::parse(mask_words);
  if (table.contains("known")) words.update(table["known"]);
  table["known"] = std::move(words);
  return table;
}

}  // namespace detail

/// The table of one of the study's data sets ("kvasir_polyp", "busi"); nothing for other names.
inline std::optional<PromptTable> study_prompt_table(std::string_view dataset) {
  auto const tables = nlohmann::json::parse(detail::study_prompt_tables);
  auto const table = tables.find(dataset);
  if (table == tables.end()) return std::nullopt;
  std::string const name(dataset);
  return PromptTable(detail::resolve_prompt_table(*table, name), name);
}

/// A table of the user's own as JSON text: members as in PromptTable, and `like`, the name of a
/// data set or family whose members it takes where it has none. Throws Error, with `where`.
inline PromptTable parse_prompt_table(std::string_view text, std::string const& where) {
  auto json = parse_json(text, where, "mend the prompt table", {.unique_keys = true});
  return PromptTable(detail::resolve_prompt_table(std::move(json), where), where);
}

/// The same from a file. Throws Error.
inline PromptTable read_prompt_table(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(path, ignored))
    throw Error("the prompt table cannot be read", path.string(), "give a JSON file");
  return parse_prompt_table(std::string(std::istreambuf_iterator<char>(in), {}), path.string());
}

}  // namespace vlsm
