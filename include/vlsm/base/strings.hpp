// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "vlsm/base/utf8.hpp"

/// Small functions on texts that readers of files, messages and tools share.
namespace vlsm::strings {

/// A to Z in lower case, whatever the locale; other bytes, those of UTF-8 among them, stay.
constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
/// The same of each byte of a text.
inline std::string lower_case(std::string text) {
  for (char& c : text) c = lower_case(c);
  return text;
}
/// a to z in upper case, likewise.
constexpr char upper_case(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// Whether it is one of a to z, A to Z and 0 to 9.
constexpr bool is_letter_or_digit(char c) {
  return (lower_case(c) >= 'a' && lower_case(c) <= 'z') || (c >= '0' && c <= '9');
}

/// Whether a byte is part of a word: a letter, a digit, or of a letter in UTF-8.
constexpr bool in_word(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || is_letter_or_digit(c);
}

/// The text, or nothing where it is empty.
inline std::optional<std::string> unless_empty(std::string const& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

/// The text without spaces, tabs, CR and LF at its ends.
inline std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::size_t const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(blanks) + 1 - first));
}

/// The number that a text is as a whole, in C's notation whatever the locale; nothing for other
/// texts, and where it does not fit the type.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  char const* const end = text.data() + text.size();
  auto const [stop, wrong] = std::from_chars(text.data(), end, number);
  if (wrong != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// The parts of a text between separators, which may be empty; a text without any is one part.
inline std::vector<std::string_view> split_text(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != text.npos;) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

/// The texts of a range one behind another: "a, b, c".
template <class Texts>
std::string joined(Texts const& texts, std::string_view separator = ", ") {
  std::string line;
  bool first = true;
  for (auto const& text : texts) {
    if (!first) line += separator;
    line += text;
    first = false;
  }
  return line;
}

/// A name or message out of a hostile text as one may show it: short, ASCII.
inline std::string brief(std::string_view text, std::size_t longest) {
  std::string shown;
  for (char c : text.substr(0, longest)) shown += c >= 0x20 && c < 0x7f ? c : '?';
  return shown + (text.size() > longest ? "…" : "");
}

/// The start of a text in UTF-8, at most `longest` bytes of it; no character is cut in two.
inline std::string_view start_of(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80) --longest;
  return text.substr(0, longest);
}

/// A name out of a file system, which may hold any bytes, as UTF-8: other bytes become \xNN.
inline std::string as_utf8(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    char32_t point = 0;
    std::size_t const length = decode_one(text, at, point, Surrogates::refuse);
    if (length > 0) {
      shown += text.substr(at, length);
    } else {
      constexpr char const* digits = "0123456789abcdef";
      auto const byte = static_cast<unsigned char>(text[at]);
      shown += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
    }
    at += std::max<std::size_t>(length, 1);
  }
  return shown;
}

/// "53 x 40": width before height, as pictures are described.
template <class Width, class Height>
std::string size_text(Width width, Height height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

/// A number as text in C's notation, whatever the locale; `format` as std::to_chars takes it, and
/// without one the shortest text that is read as the same number.
template <class Number, class... Format>
std::string number_text(Number number, Format... format) {
  std::array<char, 400> text;  // the largest double has 309 digits
  return {text.data(), std::to_chars(text.begin(), text.end(), number, format...).ptr};
}

/// Whether the text ends in one of these (".png"), in any case.
inline bool ends_in(std::string_view text, std::initializer_list<std::string_view> endings) {
  std::string const lower = lower_case(std::string(text));
  return std::ranges::any_of(endings, [&](auto ending) { return lower.ends_with(ending); });
}

/// Whether name `a` comes before `b` where runs of digits compare by their value: "2" before "10".
inline bool natural_less(std::string const& a, std::string const& b) {
  auto const digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      std::size_t const first = i, second = j;
      while (i < a.size() && digit(a[i])) ++i;
      while (j < b.size() && digit(b[j])) ++j;
      std::string_view x(a.data() + first, i - first), y(b.data() + second, j - second);
      while (x.size() > 1 && x[0] == '0') x.remove_prefix(1);
      while (y.size() > 1 && y[0] == '0') y.remove_prefix(1);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
    }
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;
}

}  // namespace vlsm::strings
