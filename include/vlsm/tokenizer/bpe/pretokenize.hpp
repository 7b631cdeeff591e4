// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

#include "vlsm/tokenizer/unicode/unicode.hpp"

// CLIP's pattern as a scanner: special tokens, contractions, runs of letters, single numbers, runs
// of anything else that is not white space. The text must be in lower case.
namespace vlsm::tokenizer {

/// What a piece of text is.
enum class PieceKind { space, special, word };

/// `length` characters of one kind; `exact` is false for a special token that has an "ſ" for an
/// "s".
struct Piece {
  PieceKind kind = PieceKind::space;
  std::size_t length = 0;
  std::size_t special = 0;  ///< which special token
  bool exact = true;
};

/// How the implementations differ.
struct ScanRules {
  /// The special tokens as they stand in a text, in the order start, end.
  std::array<TextView, 2> specials;
  /// Python's patterns ignore case. To its regex module "ſ" (U+017F) is then an "s" of another
  /// case, and U+0345, a mark whose other case is a letter, belongs to no piece: it is passed over
  /// like a space.
  bool ignores_case = true;
};

/// The special tokens of openai/CLIP and transformers, and of open_clip.
inline constexpr std::array<TextView, 2> bar_specials{U"<|startoftext|>", U"<|endoftext|>"};
inline constexpr std::array<TextView, 2> plain_specials{U"<start_of_text>", U"<end_of_text>"};

/// Whether `text` goes on with `word` at `at`; `exact` turns false where an "ſ" stood for an "s".
inline bool goes_on(TextView text, std::size_t at, TextView word, bool ignores_case, bool& exact) {
  if (word.size() > text.size() - at) return false;
  bool same = true;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (text[at + i] == word[i]) continue;
    if (!ignores_case || word[i] != U's' || text[at + i] != 0x17f) return false;
    same = false;
  }
  exact = same;
  return true;
}

/// The piece that begins at `at`, which must be inside the text.
inline Piece next_piece(TextView text, std::size_t at, ScanRules const& rules) {
  bool exact = true;
  for (std::size_t i = 0; i < rules.specials.size(); ++i)
    if (goes_on(text, at, rules.specials[i], rules.ignores_case, exact))
      return {PieceKind::special, rules.specials[i].size(), i, exact};

  char32_t const first = text[at];
  if (first == U'\'') {
    for (TextView ending : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"})
      if (goes_on(text, at, ending, rules.ignores_case, exact))
        return {PieceKind::word, ending.size()};
  }
  auto const run = [&](auto belongs) {
    std::size_t end = at + 1;
    while (end < text.size() && belongs(text[end])) ++end;
    return end - at;
  };
  auto const between = [&](char32_t c) {
    return is_space(c) || (rules.ignores_case && c == 0x345);
  };
  if (between(first)) return {PieceKind::space, run(between)};
  if (is_letter(first)) return {PieceKind::word, run(is_letter)};
  if (is_number(first)) return {PieceKind::word, 1};
  return {PieceKind::word,
          run([&](char32_t c) { return !between(c) && !is_letter(c) && !is_number(c); })};
}

}  // namespace vlsm::tokenizer
