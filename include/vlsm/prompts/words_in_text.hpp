// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/prompts/sentence_template.hpp"

// Values of attributes in sentences whose template is not known.
namespace vlsm::detail {

/// A value of an attribute and what replaces it.
struct WordInText {
  std::string attribute, value, other;
};

/// Whether the shapes of a class, which its uncommon word names, are shapes wherever they stand.
/// Answers like "foot", "x-ray", "heart" are shapes only where a template says so: in any other
/// sentence they are what is seen.
inline bool is_shape_in_text(std::string_view uncommon) {
  constexpr std::array<std::string_view, 5> things{"kenspeckle", "izzard", "jejune", "eructation",
                                                   "defenestrate"};
  return std::ranges::find(things, uncommon) == things.end();
}

/// Whether `word` (in lower case) stands in `lower` at a place as a whole.
inline bool whole_word_at(std::string_view lower, std::size_t at, std::string_view word) {
  std::size_t const end = at + word.size();
  return lower.substr(at).starts_with(word) && (at == 0 || !strings::in_word(lower[at - 1])) &&
         (end == lower.size() || !strings::in_word(lower[end]));
}

/// Whether a number is part of a longer one ("one" of "twenty-one", "two" of "one hundred and two")
/// or of a word ("one-sided").
inline bool in_compound(std::string_view before, std::string_view number, std::string_view rest) {
  constexpr std::array<std::string_view, 10> tens{"twenty",  "thirty",  "forty",  "fifty",
                                                  "sixty",   "seventy", "eighty", "ninety",
                                                  "hundred", "thousand"};
  constexpr std::array<std::string_view, 9> ones{"one", "two",   "three", "four", "five",
                                                 "six", "seven", "eight", "nine"};
  auto const joins = [](std::string_view text, std::size_t dash, std::size_t letter) {
    return letter < text.size() && text[dash] == '-' && strings::in_word(text[letter]);
  };
  if (joins(before, before.size() - 1, before.size() - 2) || joins(rest, 0, 1)) return true;
  auto const ends = [](std::string_view text, std::string_view word) {
    return text.ends_with(' ') && text.size() > word.size() &&
           whole_word_at(text, text.size() - 1 - word.size(), word);
  };
  auto const ends_before = [&](std::string_view word) { return ends(before, word); };
  // "one hundred and two"
  constexpr std::string_view joint = "and ";
  if (ends(before, "and")) {
    std::string_view const more = before.substr(0, before.size() - joint.size());
    if (ends(more, "hundred") || ends(more, "thousand")) return true;
  }
  auto const begins_rest = [&](std::string_view word) {
    return rest.starts_with(' ') && whole_word_at(rest, 1, word);
  };
  bool const is_ten = std::ranges::find(tens, number) != tens.end();
  return std::ranges::any_of(tens, ends_before) || begins_rest("hundred") ||
         begins_rest("thousand") || (is_ten && std::ranges::any_of(ones, begins_rest));
}

/// Whether a value between `before` and `rest` is one of the attribute's: "two" of "two-chamber" is
/// a view and no number, "medium" of "medium image quality" a quality and no size.
inline bool suits(WordInText const& word, std::string_view before, std::string_view rest) {
  bool const chamber = rest.starts_with("-chamber") || rest.starts_with(" chamber"),
             quality = rest.starts_with(" image quality") || rest.starts_with(" quality");
  if (word.attribute == "quality") return quality;
  if (word.attribute == "view" && (word.value == "two" || word.value == "four")) return chamber;
  if (word.attribute == "number" && in_compound(before, word.value, rest)) return false;
  return !chamber && !quality;
}

/// The text with all values replaced, of those that stand at a place and suit it the longest.
inline std::string replace_words(std::string_view text, std::vector<WordInText> const& words) {
  std::string const lower = strings::lower_case(std::string(text));
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    WordInText const* best = nullptr;
    bool const begins = at == 0 || !strings::in_word(lower[at - 1]);
    for (WordInText const& word : words) {
      if (!begins || !whole_word_at(lower, at, word.value)) continue;
      std::string_view const before = std::string_view(lower).substr(0, at),
                             rest = std::string_view(lower).substr(at + word.value.size());
      if (!suits(word, before, rest)) continue;
      if (best == nullptr || word.value.size() > best->value.size()) best = &word;
    }
    if (best == nullptr) {
      result += text[at++];
      continue;
    }
    bool const capital = text[at] != strings::lower_case(text[at]);
    result += capital ? SentenceTemplate::capitalized(best->other) : best->other;
    at += best->value.size();
  }
  return result;
}

}  // namespace vlsm::detail
