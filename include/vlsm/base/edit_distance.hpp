// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace vlsm {

/// Levenshtein's distance of two texts, in bytes.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

/// The name that a mistyped one was meant to be: the first of the nearest, or nothing where more
/// than half of the letters would have to change.
template <class Names>
std::string nearest_name(std::string_view typed, Names const& names) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(typed.size() / 2, 1) + 1;
  for (std::string_view const name : names)
    if (std::size_t const edits = edit_distance(typed, name); edits < fewest)
      fewest = edits, best = name;
  return best;
}

}  // namespace vlsm
