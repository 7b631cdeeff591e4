// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace vlsm::io {

/// What happens to a tensor on its way from a source's key to ours.
enum class Change {
  copy,
  transpose,          ///< [in, out] becomes [out, in]
  part,               ///< one of `parts` that stand below each other in our tensor
  positions,          ///< a position table [1 + n^2, C]: n may differ, the model takes the file's
  squeeze,            ///< [1, 1, C] becomes [C]
  squeeze_positions,  ///< a position table [1, 1 + n^2, C]
  drop,               ///< known, and of no use here
};

/// One line of a key table. `*` stands for a number (at most three a name); a name that ends with a
/// dot stands for all tensors directly below it (weight, bias). Ours begin with a slot, or with
/// `unused.`: what no model of ours reads, kept so that a file can be converted back.
struct KeyRule {
  std::string_view ours;
  std::string_view theirs;
  Change change = Change::copy;
  int part = 0;
  int parts = 1;
};

/// Rules for the keys behind `prefix`, which the rules themselves leave out. `slot` is put before
/// our names, so that one table serves a model that has a block twice.
struct KeyPart {
  std::string_view prefix;
  std::span<KeyRule const> rules;
  std::string_view slot = "";  ///< what our names begin with, its dot included
};

/// How one source names the parameters of a model.
struct KeyScheme {
  std::string_view name;   ///< as options and reports say it
  std::string_view title;  ///< as a person says it
  std::span<KeyPart const> parts;
  std::string_view readers = "";  ///< the tool's names of the models that start from it
};

/// What each `*` and the last name stood for where a pattern matched.
struct KeyMatch {
  std::array<std::string_view, 3> numbers;
  std::string_view leaf;
};

/// The numbers of one name that a rule can carry over.
inline constexpr std::size_t most_stars = std::tuple_size_v<decltype(KeyMatch::numbers)>;

/// How many `*` a pattern has.
constexpr std::size_t stars_of(std::string_view pattern) {
  return static_cast<std::size_t>(std::ranges::count(pattern, '*'));
}

/// What a pattern leaves open in a key that it fits. Patterns with more than `most_stars` fit none.
constexpr std::optional<KeyMatch> match_key(std::string_view pattern, std::string_view key) {
  if (pattern.empty() || key.empty()) return std::nullopt;
  if (pattern[0] != key[0] && pattern[0] != '*') return std::nullopt;  // most, and quickly
  KeyMatch match;
  std::size_t stars = 0;
  while (!pattern.empty() && pattern != ".") {
    if (pattern[0] == '*') {
      std::size_t digits = 0;
      while (digits < key.size() && key[digits] >= '0' && key[digits] <= '9') ++digits;
      if (digits == 0 || stars == most_stars) return std::nullopt;
      match.numbers[stars++] = key.substr(0, digits);
      key.remove_prefix(digits);
      pattern.remove_prefix(1);
    } else {  // up to the next number, or to the open end
      std::size_t const end = pattern.size() - (pattern.ends_with('.') ? 1 : 0);
      std::size_t const literal = std::min(pattern.find('*'), end);
      if (!key.starts_with(pattern.substr(0, literal))) return std::nullopt;
      key.remove_prefix(literal);
      pattern.remove_prefix(literal);
    }
  }
  if (pattern.empty()) return key.empty() ? std::optional(match) : std::nullopt;
  if (key.size() < 2 || key[0] != '.') return std::nullopt;  // the open end
  match.leaf = key.substr(1);
  return match.leaf.find('.') == std::string_view::npos ? std::optional(match) : std::nullopt;
}

/// The key that a pattern stands for, given what its counterpart matched.
inline std::string fill_key(std::string_view pattern, KeyMatch const& match) {
  std::string key;
  std::size_t stars = 0;
  for (char c : pattern) {
    if (c == '*')
      key += stars < most_stars ? match.numbers[stars++] : std::string_view();
    else
      key += c;
  }
  if (pattern.ends_with('.')) key += match.leaf;
  return key;
}

/// Whether a rule says the same number of times `*` on both sides, and no more than are kept.
constexpr bool well_formed(KeyRule const& rule) {
  if (stars_of(rule.theirs) > most_stars) return false;
  return rule.change == Change::drop || stars_of(rule.ours) == stars_of(rule.theirs);
}

/// Whether every rule of a table is well formed, every source key stands in it once, and every part
/// of ours. For static_assert.
constexpr bool unambiguous(std::span<KeyRule const> rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!well_formed(rules[i])) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (rules[i].theirs == rules[j].theirs) return false;
      bool const same = rules[i].ours == rules[j].ours && rules[i].part == rules[j].part;
      if (same && rules[i].change != Change::drop) return false;
    }
  }
  return true;
}

}  // namespace vlsm::io
