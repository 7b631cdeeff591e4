// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vlsm/tokenizer/ftfy/mojibake_data.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

// Whether a text looks as if it had been read in the wrong encoding: ftfy's heuristic, a list of
// neighbors that hardly occur in wanted text.
namespace vlsm::tokenizer {

/// Kinds of characters, as bits. One character may have several.
namespace kind {
inline constexpr std::uint32_t common = 1u << 0, bad = 1u << 1, law = 1u << 2, currency = 1u << 3,
                               opening = 1u << 4, closing = 1u << 5, numeric = 1u << 6,
                               kaomoji = 1u << 7, upper = 1u << 8, lower = 1u << 9,
                               upper_common = 1u << 10, lower_common = 1u << 11, box = 1u << 12,
                               c1 = 1u << 13, small_letter = 1u << 14, capital_letter = 1u << 15,
                               first_of_2 = 1u << 16, first_of_3 = 1u << 17, first_of_4 = 1u << 18,
                               continuation = 1u << 19, continuation_strict = 1u << 20;
}  // namespace kind

/// The kinds of a character; nothing outside the basic plane has any.
inline std::uint32_t kinds_of(char32_t c) {
  static std::vector<std::uint32_t> const table = [] {
    std::vector<std::uint32_t> kinds(0x10000, 0);
    auto const mark = [&](auto const& ranges, std::uint32_t bit) {
      for (data::CharRange range : ranges)
        for (char32_t c = range.first; c <= range.last; ++c) kinds[c] |= bit;
    };
    mark(data::common, kind::common);
    mark(data::bad, kind::bad);
    mark(data::law, kind::law);
    mark(data::currency, kind::currency);
    mark(data::start_punctuation, kind::opening);
    mark(data::end_punctuation, kind::closing);
    mark(data::numeric, kind::numeric);
    mark(data::kaomoji, kind::kaomoji);
    mark(data::upper_accented, kind::upper);
    mark(data::lower_accented, kind::lower);
    mark(data::upper_common, kind::upper_common);
    mark(data::lower_common, kind::lower_common);
    mark(data::box, kind::box);
    mark(data::utf8_first_of_2, kind::first_of_2);
    mark(data::utf8_first_of_3, kind::first_of_3);
    mark(data::utf8_first_of_4, kind::first_of_4);
    mark(data::utf8_continuation, kind::continuation);
    mark(data::utf8_continuation_strict, kind::continuation_strict);
    for (char32_t c = 0x80; c <= 0x9f; ++c) kinds[c] |= kind::c1;
    for (char32_t c = U'a'; c <= U'z'; ++c) kinds[c] |= kind::small_letter;
    for (char32_t c = U'A'; c <= U'Z'; ++c) kinds[c] |= kind::capital_letter;
    return kinds;
  }();
  return c < table.size() ? table[c] : 0;
}

/// One place of a rule: a character of the kinds, or one of `also`.
struct Place {
  std::uint32_t kinds = 0;
  TextView also{};
  /// How the two above are to be taken.
  enum class Takes {
    these,
    all_others,
    word,
    space,
    space_or_nothing,
    not_newline
  } takes = Takes::these;

  bool admits(char32_t c) const {
    switch (takes) {
      case Takes::word:
        return is_word(c);
      case Takes::space:
      case Takes::space_or_nothing:
        return is_space_python(c);
      case Takes::not_newline:
        return c != U'\n';
      default:
        break;
    }
    bool const these = (kinds_of(c) & kinds) != 0 || also.find(c) != TextView::npos;
    return these == (takes == Takes::these);
  }
};

/// A suspicious sequence of two to six characters.
struct Rule {
  std::vector<Place> places;
  bool only_at_start = false;
};

/// The rules of ftfy 6.3.1 (badness.py). Only whether any of them fits matters, not their order.
inline std::vector<Rule> const& suspicious_sequences() {
  using namespace kind;
  using enum Place::Takes;
  constexpr std::uint32_t accented = upper | lower, ends = opening | closing;
  constexpr std::uint32_t letter = small_letter | capital_letter;
  constexpr std::uint32_t odd = accented | box | ends | currency | numeric | law;
  static Place const arabic_lead{0, U"ØÙ"}, cyrillic_lead{0, U"ВГРС"}, greek_lead{0, U"ΒΓΞΟ"};
  static Place const arabic{common | currency | bad | numeric | opening, U"ŸŠ®°µ»"};
  static std::vector<Rule> const rules{
      {{{c1}}},
      {{{odd | bad}, {bad}}},
      {{{letter}, {lower_common | upper_common}, {bad}}},
      {{{bad}, {odd}}},
      {{{lower | lower_common | box | closing | currency | numeric}, {upper}}},
      {{{box | closing | currency | numeric}, {lower}}},
      {{{lower | box | closing}, {currency}}},
      {{{0, {}, space}, {upper}, {currency}}},
      {{{upper | box}, {numeric | law}}},
      {{{accented | box | currency | closing}, {opening}, {numeric}}},
      {{{accented | currency | numeric | box | law}, {closing}, {opening}}},
      {{{currency | numeric | box}, {opening}}},
      {{{small_letter}, {upper}, {opening | currency}}},
      {{{box}, {kaomoji}}},
      {{{accented | currency | numeric | ends | law}, {box}}},
      {{{box}, {closing}}},
      {{{accented}, {ends}, {0, {}, word}}},
      {{{0, U"Œœ"}, {letter, {}, all_others}}},
      {{{upper}, {0, U"°"}}},
      // Pairs of Windows-1252 that the kinds do not cover.
      {{{0, U"ÂÃÎÐ"}, {ends, U"€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´"}}},
      {{{0, U"×"}, {0, U"²³"}}},
      {{arabic_lead, arabic, arabic_lead, arabic}},
      {{{0, U"à"}, {0, U"²µ¹¼½¾"}}},  // scripts of South Asia
      // MacRoman.
      {{{0, U"√"}, {0, U"±∂†≠®™´≤≥¥µø"}}},
      {{{0, U"≈"}, {0, U"°¢"}}},
      {{{0, U"‚"}, {0, U"Ä"}, {0, U"ìîïòôúùû†°¢π"}}},
      {{{0, U"‚"}, {0, U"âó"}, {0, U"àä°ê"}}},
      // Windows-1251, where only longer sequences are sure.
      {{{0, U"в"}, {0, U"Ђ"}}},
      {{cyrillic_lead, {c1 | bad | ends | currency, U"°µ"}, cyrillic_lead}},
      {{{0, U"Г"},
        {0, U"ў"},
        {0, U"В"},
        {0, U"Ђ"},
        {0, U"В"},
        {0, {}, not_newline},
        {letter, U" "}}},
      // à, á, and the no-break space itself, which may have become a space.
      {{{0, U"Ã"}, {0, U"\u00a0¡"}}},
      {{{small_letter}, {0, {}, space_or_nothing}, {0, U"ÃÂ"}, {0, U" "}}},
      {{{0, U"ÃÂ"}, {0, U" "}}, true},
      {{{small_letter | closing, U".,?!"}, {0, U"Â"}, {ends, U" "}}},
      // Windows-1253 and Windows-1257.
      {{{0, U"β"}, {0, U"€"}, {0, U"™\u00a0\u0386\u00ad®°"}}},
      {{greek_lead, {c1 | bad | ends | currency, U"°"}, greek_lead}},
      {{{0, U"ā"}, {0, U"€"}}},
  };
  return rules;
}

/// Whether `rule`, from its place number `place` on, fits the text at `at`.
inline bool fits(Rule const& rule, std::size_t place, TextView text, std::size_t at) {
  for (; place < rule.places.size(); ++place) {
    Place const& next = rule.places[place];
    bool const admits = at < text.size() && next.admits(text[at]);
    if (next.takes == Place::Takes::space_or_nothing) {
      if (admits && fits(rule, place + 1, text, at + 1)) return true;
      continue;
    }
    if (!admits) return false;
    ++at;
  }
  return true;
}

/// Whether the text looks like mojibake somewhere.
inline bool is_bad(TextView text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    // Every rule has a character outside ASCII in its first three places.
    std::size_t const near = std::min(at + 3, text.size());
    bool plain = true;
    for (std::size_t i = at; i < near; ++i) plain = plain && text[i] < 0x80;
    if (plain) continue;
    for (Rule const& rule : suspicious_sequences())
      if ((at == 0 || !rule.only_at_start) && fits(rule, 0, text, at)) return true;
  }
  return false;
}

}  // namespace vlsm::tokenizer
