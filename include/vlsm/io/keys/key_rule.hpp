// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vlsm::io {

/// What happens to a tensor on its way from a source's key to ours.
enum class Change {
  copy,
  transpose,  ///< [in, out] becomes [out, in]
  part,       ///< one of `parts` that stand below each other in our tensor
  positions,  ///< a position table [1 + n^2, C]: n may differ, the model takes the file's
  drop,       ///< known, and of no use here
};

/// One line of a key table. `*` stands for a number; a name that ends with a dot stands for all
/// tensors directly below it (weight, bias).
struct KeyRule {
  std::string_view ours;
  std::string_view theirs;
  Change change = Change::copy;
  int part = 0;
  int parts = 1;
};

/// How one source names the parameters of a model.
struct KeyScheme {
  std::string_view name;
  std::span<KeyRule const> rules;
};

/// What `*` and the last name stood for where a pattern matched.
struct KeyMatch {
  std::string_view number;
  std::string_view leaf;
};

constexpr std::optional<KeyMatch> match_key(std::string_view pattern, std::string_view key) {
  KeyMatch match;
  while (!pattern.empty() && pattern[0] != '*') {
    if (key.empty() || key[0] != pattern[0]) return std::nullopt;
    if (pattern == ".") break;  // the open end
    pattern.remove_prefix(1);
    key.remove_prefix(1);
  }
  if (!pattern.empty() && pattern[0] == '*') {
    std::size_t digits = 0;
    while (digits < key.size() && key[digits] >= '0' && key[digits] <= '9') ++digits;
    if (digits == 0) return std::nullopt;
    match.number = key.substr(0, digits);
    auto const rest = match_key(pattern.substr(1), key.substr(digits));
    if (!rest) return std::nullopt;
    match.leaf = rest->leaf;
    return match;
  }
  if (pattern == ".") {
    match.leaf = key.substr(1);
    if (match.leaf.empty() || match.leaf.find('.') != std::string_view::npos) return std::nullopt;
    return match;
  }
  if (!key.empty()) return std::nullopt;
  return match;
}

/// The key that a pattern stands for, given what its counterpart matched.
inline std::string fill_key(std::string_view pattern, KeyMatch const& match) {
  std::string key;
  for (char c : pattern) {
    if (c == '*')
      key += match.number;
    else
      key += c;
  }
  if (pattern.ends_with('.')) key += match.leaf;
  return key;
}

/// Whether every source key stands in a table once, and every part of ours. For static_assert.
constexpr bool unambiguous(std::span<KeyRule const> rules) {
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (rules[i].theirs == rules[j].theirs) return false;
      bool const same = rules[i].ours == rules[j].ours && rules[i].part == rules[j].part;
      if (same && rules[i].change != Change::drop) return false;
    }
  return true;
}

}  // namespace vlsm::io
