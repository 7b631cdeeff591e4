// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "vlsm/tokenizer/ftfy/encodings_data.hpp"
#include "vlsm/tokenizer/ftfy/html_entities_a_to_l.hpp"
#include "vlsm/tokenizer/ftfy/html_entities_m_to_z.hpp"
#include "vlsm/tokenizer/unicode/lowercase.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

// HTML character references, read in two ways: Python's html.unescape (lenient, openai/CLIP and
// open_clip apply it twice) and ftfy's (only what ends with a semicolon, and some names in
// capitals).
namespace vlsm::tokenizer {

/// HTML5's named characters, made from the data headers on first use.
class Entities {
 public:
  static Entities const& get() {
    static Entities const entities;
    return entities;
  }

  /// What "name;" stands for (one or two characters); empty for an unknown name.
  TextView with_semicolon(std::string_view name) const {
    auto const found = table_.find(name);
    return found == table_.end() ? TextView{} : TextView(found->second);
  }
  /// What "name" stands for without its semicolon; empty unless the name is one of the 106 old
  /// ones.
  TextView without_semicolon(std::string_view name) const {
    return old_.contains(name) ? with_semicolon(name) : TextView{};
  }
  /// The longest old name that `name` starts with (two characters or more), or 0.
  std::size_t old_prefix(std::string_view name) const {
    for (std::size_t length = name.size(); length > 1; --length)
      if (old_.contains(name.substr(0, length))) return length;
    return 0;
  }

 private:
  Entities() {
    table_.reserve(2200);
    for (std::string_view half : {data::entities_a_to_l, data::entities_m_to_z}) {
      words(half, [&](std::string_view word) {
        std::size_t const equals = word.find('=');
        Text value;
        char32_t point = 0;
        for (char c : word.substr(equals + 1)) {
          if (c == ',') {
            value += point;
            point = 0;
          } else {
            point = point * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : c - 'A' + 10);
          }
        }
        value += point;
        table_.emplace(word.substr(0, equals), value);
      });
    }
    words(data::entities_without_semicolon, [&](std::string_view name) { old_.insert(name); });
  }
  template <class F>
  static void words(std::string_view text, F each) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t const stop = text.find(' ', at);
      each(text.substr(at, stop - at));
      at = stop + 1;
    }
  }

  std::unordered_map<std::string_view, Text> table_;
  std::unordered_set<std::string_view> old_;
};

/// The character of a numeric reference by the HTML standard's rules; empty for one that it drops.
inline Text numeric_reference(std::uint32_t number) {
  if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) return U"\ufffd";
  if (number >= 0x80 && number <= 0x9f) {  // meant as Windows-1252, says the standard
    return Text(1, data::encodings[1].upper[number - 0x80]);
  }
  bool const control =
      number < 0x20 && number != 0x09 && number != 0x0a && number != 0x0c && number != 0x0d;
  bool const none = (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) == 0xfffe;
  if (control || number == 0x7f || none) return {};
  return Text(1, static_cast<char32_t>(number));
}

/// Whether a character is a letter or a digit of ASCII.
inline bool is_ascii_alnum(char32_t c) { return c < 0x80 && (is_letter(c) || is_number(c)); }

/// The value of a hexadecimal digit, or -1.
inline int hex_digit(char32_t c) {
  if (c >= U'0' && c <= U'9') return static_cast<int>(c - U'0');
  char32_t const lower = c | 0x20;
  return lower >= U'a' && lower <= U'f' ? static_cast<int>(lower - U'a') + 10 : -1;
}

/// Reads one reference at `at` (an ampersand) as Python's html.unescape does and appends what it
/// stands for; how many characters were read, 0 if there is no reference.
inline std::size_t read_reference(TextView text, std::size_t at, Text& out) {
  std::size_t i = at + 1;
  auto const end = [&](std::size_t stop) {
    return stop < text.size() && text[stop] == U';' ? stop + 1 : stop;
  };
  if (i < text.size() && text[i] == U'#') {
    bool const hex = i + 1 < text.size() && (text[i + 1] | 0x20) == U'x';
    i += hex ? 2 : 1;
    std::size_t const digits = i;
    std::uint32_t number = 0;
    for (; i < text.size(); ++i) {
      int const digit = hex_digit(text[i]);
      if (digit < 0 || (!hex && digit > 9)) break;
      number = number * (hex ? 16u : 10u) + static_cast<std::uint32_t>(digit);
      if (number > 0x110000) number = 0x110000;  // saturates: all of these are U+FFFD
    }
    if (i == digits) return 0;
    out += numeric_reference(number);
    return end(i) - at;
  }
  std::string name;
  while (i < text.size() && name.size() < 32 &&
         TextView(U"\t\n\f <&#;").find(text[i]) == TextView::npos) {
    // Anything but ASCII is in no name; it still counts towards the 32 characters.
    name += text[i] < 0x80 ? static_cast<char>(text[i]) : '\x01';
    ++i;
  }
  if (name.empty()) return 0;
  Entities const& entities = Entities::get();
  if (i < text.size() && text[i] == U';') {
    if (TextView const value = entities.with_semicolon(name); !value.empty()) {
      out += value;
      return i + 1 - at;
    }
  }
  if (std::size_t const length = entities.old_prefix(name); length > 0) {
    out += entities.without_semicolon(std::string_view(name).substr(0, length));
    out += text.substr(at + 1 + length, end(i) - (at + 1 + length));
  } else {
    out += text.substr(at, end(i) - at);
  }
  return end(i) - at;
}

/// Python's html.unescape: semicolons are optional for the old names, which more letters may follow
/// ("&ampx" is "&x").
inline Text unescape_python(TextView text) {
  if (text.find(U'&') == TextView::npos) return Text(text);
  Text out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const length = text[at] == U'&' ? read_reference(text, at, out) : 0;
    if (length == 0) out += text[at];
    at += length == 0 ? 1 : length;
  }
  return out;
}

/// What ftfy makes of "&name;": the HTML5 name, or the capitals of a name that HTML5 has in small
/// letters where capitals mean nothing to HTML5 ("&EACUTE;" is É). Empty if it stays as it is.
inline Text ftfy_named(std::string_view name) {
  Entities const& entities = Entities::get();
  if (TextView const value = entities.with_semicolon(name); !value.empty()) return Text(value);
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'a' && c <= 'z') return {};
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
  }
  if (entities.old_prefix(name) > 0) return {};
  return upper_python(entities.with_semicolon(lower));
}

/// ftfy's unescape_html: references of at most 24 letters and digits that end with a semicolon.
inline Text unescape_ftfy(TextView text) {
  if (text.find(U'&') == TextView::npos) return Text(text);
  Text out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t i = at + 1;
    bool const number = text[at] == U'&' && i < text.size() && text[i] == U'#';
    if (number) ++i;
    std::string name;
    while (i < text.size() && name.size() < 25 && is_ascii_alnum(text[i]))
      name += static_cast<char>(text[i++]);
    if (text[at] != U'&' || name.empty() || name.size() > 24 || i >= text.size() ||
        text[i] != U';') {
      out += text[at++];
      continue;
    }
    TextView const whole = text.substr(at, i + 1 - at);
    Text const value = number ? unescape_python(whole) : ftfy_named(name);
    // A number that leaves its semicolon was not a number ("&#12ab;"); a dropped one leaves
    // nothing.
    bool const kept = number ? value.find(U';') != Text::npos : value.empty();
    out += kept ? Text(whole) : value;
    at = i + 1;
  }
  return out;
}

}  // namespace vlsm::tokenizer
