// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/annotations.hpp"

namespace vlsm {

namespace detail {

/// A name from a file must stay below the data set's folder.
inline std::string checked_name(nlohmann::json const& row, char const* field,
                                std::string const& where) {
  auto const value = row.find(field);
  if (value == row.end() || !value->is_string())
    throw Error(std::string("the row has no text \"") + field + "\"", where,
                "write the file name there");
  auto const name = value->get<std::string>();
  std::filesystem::path const path(name);
  bool const climbs =
      std::any_of(path.begin(), path.end(), [](auto const& part) { return part == ".."; });
  if (name.empty() || name.find('\0') != std::string::npos || path.is_absolute() || climbs)
    throw Error(std::string("\"") + field + "\" leaves the data set's folder", where,
                "name a file below images/ or masks/");
  return name;
}

inline std::vector<std::string> sentences(nlohmann::json const& value, std::string const& where) {
  std::vector<std::string> list;
  for (auto const& item : value.is_array() ? value : nlohmann::json::array({value})) {
    if (!item.is_string())
      throw Error("a prompt is no text", where, "write a string or a list of strings");
    list.push_back(item.get<std::string>());
  }
  if (list.empty())
    throw Error("a prompt level has no sentence", where, "write a string or a list of strings");
  return list;
}

}  // namespace detail

VLSM_INLINE std::vector<Annotation> parse_annotations(std::string_view text,
                                                      std::string const& file) {
  nlohmann::json const json = parse_json(text, file, "mend the annotations");
  if (!json.is_array())
    throw Error("the annotations are no JSON list", file, "write a list of rows");
  std::vector<Annotation> rows;
  for (std::size_t i = 0; i < json.size(); ++i) {
    std::string const where = file + ", row " + std::to_string(i);
    if (!json[i].is_object())
      throw Error("the row is no JSON object", where, "write img_name, mask_name and prompts");
    Annotation row{detail::checked_name(json[i], "img_name", where),
                   detail::checked_name(json[i], "mask_name", where),
                   {}};
    auto const prompts = json[i].find("prompts");
    if (prompts == json[i].end() || !prompts->is_object())
      throw Error("the row has no \"prompts\"", where, "write an object of levels p0, p1, …");
    for (auto const& [level, value] : prompts->items())
      row.prompts[level] =
          detail::sentences(value, where + ", prompt " + strings::brief(level, 40));
    rows.push_back(std::move(row));
  }
  return rows;
}

VLSM_INLINE std::vector<Annotation> read_annotations(std::filesystem::path const& path) {
  auto const text = io::read_whole_file(path);
  if (!text)
    throw Error("the annotations cannot be read", path.string(),
                "check that the data set has anns/train.json, val.json, test.json");
  io::refuse_lfs_pointer(*text, path.string());
  return parse_annotations(*text, path.string());
}

}  // namespace vlsm
