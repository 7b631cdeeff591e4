// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/prompts/mask_attributes.hpp"

namespace vlsm {

/// A sentence with slots in braces: "{Number} {size} tumor{s} at the {position}." The slot {Number}
/// is {number} whose value gets a capital in front.
class SentenceTemplate {
 public:
  /// Throws Error, with `where`, for braces that do not pair and for a slot without a plain name.
  SentenceTemplate(std::string_view text, std::string const& where) {
    auto const fail = [&](char const* what) -> void {
      throw Error(what, where + ": \"" + std::string(text.substr(0, 80)) + "\"",
                  "write slots as {name}, of letters, digits and _");
    };
    while (!text.empty()) {
      std::size_t const brace = text.find_first_of("{}");
      Part part{.literal = std::string(text.substr(0, brace)), .slot = {}, .capital = false};
      if (brace == std::string_view::npos) {
        parts_.push_back(std::move(part));
        break;
      }
      std::size_t const end = text.find('}', brace);
      if (text[brace] == '}' || end == std::string_view::npos) fail("a slot's braces do not pair");
      part.slot = text.substr(brace + 1, end - brace - 1);
      if (part.slot.empty()) fail("a slot has no name");
      for (char c : part.slot)
        if (!strings::is_letter_or_digit(c) && c != '_') fail("a slot's name is none");
      part.capital = part.slot[0] >= 'A' && part.slot[0] <= 'Z';
      part.slot[0] = strings::lower_case(part.slot[0]);
      parts_.push_back(std::move(part));
      text.remove_prefix(end + 1);
    }
  }

  /// The names of the slots, in lower case at their first letter, in their order; a name may be
  /// there twice.
  std::vector<std::string> slots() const {
    std::vector<std::string> names;
    for (Part const& part : parts_)
      if (!part.slot.empty()) names.push_back(part.slot);
    return names;
  }

  /// The sentence; nothing where a slot has no value. `value(name)` gives a pointer to a slot's
  /// text, or null. An empty value leaves out the blank behind it as well.
  template <class Value>
  std::optional<std::string> render(Value const& value) const {
    std::string sentence;
    bool skip_blank = false;
    for (Part const& part : parts_) {
      bool const skipped = skip_blank && part.literal.starts_with(' ');
      sentence += std::string_view(part.literal).substr(skipped ? 1 : 0);
      skip_blank = false;
      if (part.slot.empty()) continue;
      std::string const* const text = value(part.slot);
      if (text == nullptr) return std::nullopt;
      skip_blank = text->empty() && (sentence.empty() || sentence.back() == ' ');
      sentence += part.capital ? capitalized(*text) : *text;
    }
    return sentence;
  }

  /// The slots' values in a sentence that this template made, or nothing where it did not.
  /// `allowed(name, text)` says whether a text can be this slot's; of several ways to read the
  /// sentence that with the shortest values is taken, from the left.
  template <class Allowed>
  std::optional<Attributes> match(std::string_view sentence, Allowed const& allowed) const {
    Attributes values;
    if (!match_from(0, sentence, allowed, values)) return std::nullopt;
    return values;
  }

  /// The text with a capital in front.
  static std::string capitalized(std::string text) {
    if (!text.empty()) text[0] = strings::upper_case(text[0]);
    return text;
  }

 private:
  struct Part {  // a literal, and the slot behind it; at the sentence's end there may be none
    std::string literal, slot;
    bool capital;
  };

  /// Whether the parts from `at` on made the text `rest`; then `values` has the slots' values, too.
  template <class Allowed>
  bool match_from(std::size_t at, std::string_view rest, Allowed const& allowed,
                  Attributes& values) const {
    if (at == parts_.size()) return rest.empty();
    Part const& part = parts_[at];
    if (!rest.starts_with(part.literal)) return false;
    rest.remove_prefix(part.literal.size());
    if (part.slot.empty()) return match_from(at + 1, rest, allowed, values);
    // The value ends where the next literal is, or at the end.
    std::string_view const next =
        at + 1 < parts_.size() ? std::string_view(parts_[at + 1].literal) : std::string_view();
    for (std::size_t size = 0; size <= rest.size(); ++size) {
      if (at + 1 == parts_.size() && size < rest.size()) continue;
      if (!rest.substr(size).starts_with(next)) continue;
      std::string text(rest.substr(0, size));
      if (part.capital && !text.empty()) {
        if (text[0] >= 'a' && text[0] <= 'z') return false;
        text[0] = strings::lower_case(text[0]);
      }
      auto const known = values.find(part.slot);
      if (known != values.end() ? known->second != text : !allowed(part.slot, text)) continue;
      Attributes with = values;
      with.insert_or_assign(part.slot, text);
      if (!match_from(at + 1, rest.substr(size), allowed, with)) continue;
      values = std::move(with);
      return true;
    }
    return false;
  }

  std::vector<Part> parts_;
};

}  // namespace vlsm
