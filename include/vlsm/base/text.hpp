// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Small functions on texts that readers of files and messages share.
namespace vlsm::detail {

/// The text with A to Z in lower case; other bytes, those of UTF-8 among them, stay.
inline std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The text without spaces, tabs, CR and LF at its ends.
inline std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::size_t const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(blanks) + 1 - first));
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

/// How many bytes the character of UTF-8 has that a text begins with; 0 where it begins with none.
inline std::size_t utf8_bytes(std::string_view text) {
  auto const byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  unsigned const first = byte(0), second = byte(1);
  if (text.empty() || first < 0x80) return text.empty() ? 0 : 1;
  std::size_t const length = first < 0xc2    ? 0
                             : first < 0xe0  ? 2
                             : first < 0xf0  ? 3
                             : first <= 0xf4 ? 4
                                             : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // Longer than it need be, halves of UTF-16's pairs, beyond the last character.
  bool const wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
                     (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
  return wrong ? 0 : length;
}

/// A name out of a file system, which may hold any bytes, as UTF-8: other bytes become \xNN.
inline std::string as_utf8(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    std::size_t const length = utf8_bytes(text);
    if (length > 0) {
      shown += text.substr(0, length);
    } else {
      constexpr char const* digits = "0123456789abcdef";
      auto const byte = static_cast<unsigned char>(text[0]);
      shown += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

/// A text as a line shows it: as_utf8, a line feed as \\n, other control characters as "?".
inline std::string one_line(std::string_view text) {
  std::string line;
  for (char const c : as_utf8(text)) {
    bool const control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (c == '\n')
      line += "\\n";
    else
      line += control ? '?' : c;
  }
  return line;
}

/// "53 x 40": width before height, as pictures are described.
template <class Width, class Height>
std::string size_text(Width width, Height height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace vlsm::detail
