// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vlsm {

/// One row of an annotation file: a picture, a mask, and prompts of growing richness.
struct Annotation {
  std::string image;  ///< name below `images/`
  std::string mask;   ///< name below `masks/`
  std::map<std::string, std::vector<std::string>>
      prompts;  ///< level ("p0" …) -> equivalent sentences
};

/// Reads an annotation file of the study's layout: a JSON list of rows with `img_name`, `mask_name`
/// and `prompts` (a value is a sentence or a list of equivalent ones); other fields are ignored.
/// Throws Error with the file and the row.
std::vector<Annotation> read_annotations(std::filesystem::path const& path);

/// The rows of a text; `where` is its file, for messages. Throws Error with the file and the row.
std::vector<Annotation> parse_annotations(std::string_view text, std::string const& where);

/// The prompt levels that all rows have, "p2" before "p10".
inline std::vector<std::string> common_levels(std::vector<Annotation> const& rows) {
  std::vector<std::string> levels;
  if (rows.empty()) return levels;
  for (auto const& prompt : rows.front().prompts)
    if (std::ranges::all_of(rows,
                            [&](auto const& row) { return row.prompts.contains(prompt.first); }))
      levels.push_back(prompt.first);
  std::ranges::stable_sort(levels, {}, &std::string::size);  // in order already but for length
  return levels;
}

/// The levels that "random" draws from, in the order of their names: all but p0, the prompt that
/// says nothing. `Prompts` is Annotation::prompts or another map of levels.
template <class Prompts>
std::vector<std::string> drawn_levels(Prompts const& prompts) {
  std::vector<std::string> levels;
  for (auto const& [level, sentences] : prompts)
    if (level != "p0") levels.push_back(level);
  return levels;
}

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/data/impl/annotations.hpp"
#endif
