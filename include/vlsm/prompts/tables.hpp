// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/prompts/builtin_tables.hpp"
#include "vlsm/prompts/prompt_table.hpp"

namespace vlsm {

/// The table's JSON with the members of the one that it is `like`, which may be like another,
/// merged in by JSON merge patch (RFC 7396): null takes a member out. JSON that is not an object is
/// returned as it is. Throws Error, which names `where`, for a `like` that names no table.
inline nlohmann::json resolve_prompt_table(nlohmann::json table, std::string const& where) {
  static nlohmann::json const known = [] {
    auto tables = nlohmann::json::parse(builtin_prompt_tables);
    tables.update(nlohmann::json::parse(study_prompt_tables));
    return tables;
  }();
  if (!table.is_object()) return table;
  nlohmann::json whole = {{"known", nlohmann::json::parse(mask_words)}};
  if (auto const like = table.find("like"); like != table.end()) {
    if (!like->is_string() || !known.contains(like->get<std::string>()))
      throw Error("there is no prompt table to be like", where,
                  "name a data set of the study, or photographic, breast_ultrasound, "
                  "cardiac_ultrasound, chest_x_ray");
    whole = resolve_prompt_table(known[like->get<std::string>()], where);
    table.erase(like);
  }
  whole.merge_patch(table);
  // A level that is taken away is not one of empty masks, either.
  if (auto const levels = table.find("levels"); levels != table.end() && levels->is_object())
    for (auto const& [level, text] : levels->items()) {
      bool const own =
          table.contains("empty") && table["empty"].is_object() && table["empty"].contains(level);
      if (text.is_null() && !own && whole.contains("empty") && whole["empty"].is_object())
        whole["empty"].erase(level);
    }
  return whole;
}

/// The table of one of the study's data sets ("kvasir_polyp", "busi"); nothing for other names.
inline std::optional<PromptTable> study_prompt_table(std::string_view dataset) {
  auto const tables = nlohmann::json::parse(study_prompt_tables);
  auto const table = tables.find(dataset);
  if (table == tables.end()) return std::nullopt;
  std::string const name(dataset);
  return PromptTable(resolve_prompt_table(*table, name), name);
}

/// A table of the user's own as JSON text: members as in PromptTable, and `like`, the name of a
/// data set or family whose members it takes over. Throws Error, which names `where`, for other
/// text.
inline PromptTable parse_prompt_table(std::string_view text, std::string const& where) {
  auto json = parse_json(text, where, "mend the prompt table", {.unique_keys = true});
  return PromptTable(resolve_prompt_table(std::move(json), where), where);
}

/// The same from a file. Throws Error where it cannot be read, and as parse_prompt_table does.
inline PromptTable read_prompt_table(std::filesystem::path const& path) {
  auto const text = io::read_whole_file(path);
  if (!text) throw Error("the prompt table cannot be read", path.string(), "give a JSON file");
  return parse_prompt_table(*text, path.string());
}

}  // namespace vlsm
