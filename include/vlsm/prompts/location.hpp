// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "vlsm/base/strings.hpp"
#include "vlsm/prompts/sentence_template.hpp"
#include "vlsm/prompts/words_in_text.hpp"

namespace vlsm {

namespace detail {

/// Positions, the longer ones first.
inline constexpr std::array<std::string_view, 10> positions{
    "bottom right", "bottom left", "top right", "top left", "center",
    "bottom",       "centre",      "right",     "left",     "top"};

/// How long the list of positions is that begins at a place of a text in lower case ("top, left",
/// "left and right"); 0 where none does.
inline std::size_t positions_at(std::string_view lower, std::size_t at) {
  std::size_t size = 0, link = 0;
  for (;;) {
    auto const* const found = std::ranges::find_if(positions, [&](std::string_view one) {
      return whole_word_at(lower, at + size + link, one);
    });
    if (found == positions.end()) return size;
    size += link + found->size();
    std::string_view const rest = lower.substr(at + size);
    link = rest.starts_with(", ") ? 2 : rest.starts_with(" and ") ? 5 : 0;
    if (link == 0) return size;
  }
}

/// Takes one of these words, a blank behind it, from the end of a text.
inline bool drop_last(std::string_view& text, std::initializer_list<std::string_view> words) {
  for (std::string_view const word : words) {
    if (!text.ends_with(' ') || !text.substr(0, text.size() - 1).ends_with(word)) continue;
    std::size_t const at = text.size() - 1 - word.size();
    if (at > 0 && strings::in_word(text[at - 1])) continue;
    text = text.substr(0, at);
    return true;
  }
  return false;
}

/// Takes one of these texts from the front of another; it must end with a word.
inline bool drop_first(std::string_view& text, std::initializer_list<std::string_view> parts) {
  for (std::string_view const part : parts) {
    if (!text.starts_with(part)) continue;
    if (part.size() < text.size() && strings::in_word(text[part.size()])) continue;
    text.remove_prefix(part.size());
    return true;
  }
  return false;
}

inline bool begins_with_one(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return text.starts_with(part); });
}

}  // namespace detail

/// A sentence without the phrases that say where: ", located in top left of the image", " at the
/// top", " in the center of the picture". Of "of the frontal view", say, behind such a phrase "in
/// the frontal view" is kept. Positions that say which ("left lung", "in the left lung") stay, and
/// so do sentences without a location.
inline std::string without_location(std::string_view sentence) {
  std::string const lower = strings::lower_case(std::string(sentence));
  std::string kept, kept_lower;  // what is said, up to `at`
  std::size_t at = 0;
  bool capital = false;  // a location with a capital stood in front
  auto const keep = [&](std::string const& text) {
    kept += capital ? SentenceTemplate::capitalized(text) : text;
    kept_lower += strings::lower_case(text);
    capital = false;
  };
  while (at < sentence.size()) {
    std::size_t const size = detail::positions_at(lower, at);
    std::string_view head = kept_lower, tail = std::string_view(lower).substr(at + size);
    bool is_location = size > 0;
    if (is_location) {
      detail::drop_last(head, {"the"});
      is_location = detail::drop_last(head, {"in", "at", "on"});
    }
    bool whole = false, of = false;
    if (is_location) {
      detail::drop_last(head, {"located", "situated", "lying"});
      detail::drop_last(head, {"and"});
      if (head.ends_with(' ')) head.remove_suffix(1);
      if (head.ends_with(',')) head.remove_suffix(1);
      detail::drop_first(tail, {" side", " part", " corner", " half", " region", " area"});
      whole = detail::drop_first(tail, {" of the image", " of the picture"});
      of = !whole && tail.starts_with(" of ");
      bool const ends = tail.empty() || std::string_view(",.;:)").find(tail[0]) != tail.npos;
      // "in the left and lower lobe" goes on, "on the left and a polyp" begins anew.
      is_location =
          whole || of || ends ||
          detail::begins_with_one(tail, {" in ", " on ", " with ", " which ", " that ", " and a ",
                                         " and an ", " and another ", " and one "});
    }
    if (!is_location) {
      keep(std::string(1, sentence[at++]));
      continue;
    }
    kept.resize(head.size());
    kept_lower.resize(kept.size());
    at = sentence.size() - tail.size();
    bool const in_front = kept.empty();
    capital = in_front && sentence[0] != strings::lower_case(sentence[0]);
    if (in_front) at += std::min(tail.find_first_not_of(", "), tail.size());
    if (of) {
      keep(in_front ? "in" : " in");
      at = sentence.size() - tail.size() + 3;
    }
  }
  return kept;
}

}  // namespace vlsm
