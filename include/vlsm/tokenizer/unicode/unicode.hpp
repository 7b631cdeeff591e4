// SPDX-License-Identifier: MIT
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/base/utf8.hpp"

// Text as code points. The tables are utf8proc's, so new characters follow its Unicode version (15
// in utf8proc 2.8); Python 3.11 knows Unicode 14, the two agree on every older character.
namespace vlsm::tokenizer {

/// Text as code points; surrogates (U+D800 to U+DFFF) may occur between the steps of ftfy.
using Text = std::u32string;
using TextView = std::u32string_view;

using vlsm::Surrogates;

/// The code points of strict UTF-8, or nothing.
inline std::optional<Text> try_decode(std::string_view bytes) {
  Text text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    char32_t point = 0;
    std::size_t const length = decode_one(bytes, at, point, Surrogates::refuse);
    if (length == 0) return std::nullopt;
    text += point;
    at += length;
  }
  return text;
}

/// The code points of a prompt. Throws vlsm::Error that names the offset of the first bad byte: the
/// reference tokenizers take Python strings, which cannot hold such bytes, so there is no answer to
/// copy.
inline Text decode(std::string_view bytes, Surrogates surrogates = Surrogates::refuse) {
  Text text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    char32_t point = 0;
    std::size_t const length = decode_one(bytes, at, point, surrogates);
    if (length == 0) {
      throw Error(
          "the prompt is not UTF-8", "byte offset " + std::to_string(at),
          "save or convert the text as UTF-8 (iconv -f LATIN1 -t UTF-8 helps with old files)");
    }
    text += point;
    at += length;
  }
  return text;
}

/// Appends the UTF-8 of one code point; surrogates become three bytes too.
inline void append_utf8(std::string& out, char32_t c) {
  auto const put = [&](char32_t bits) {
    out += static_cast<char>(static_cast<unsigned char>(bits));
  };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | (c >> 6));
  } else if (c < 0x10000) {
    put(0xe0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3f));
  } else {
    put(0xf0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3f));
    put(0x80 | ((c >> 6) & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

/// Code points as UTF-8.
inline std::string encode_utf8(TextView text) {
  std::string out;
  out.reserve(text.size());
  for (char32_t c : text) append_utf8(out, c);
  return out;
}

/// Whether all characters are ASCII.
inline bool is_ascii(TextView text) {
  return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

/// \p{L} of regular expressions.
inline bool is_letter(char32_t c) {
  if (c < 0x80) return (c | 0x20) >= U'a' && (c | 0x20) <= U'z';
  auto const kind = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

/// \p{N}: digits, letter numbers (Roman numerals) and others (superscripts, fractions).
inline bool is_number(char32_t c) {
  if (c < 0x80) return c >= U'0' && c <= U'9';
  auto const kind = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}

/// \d of Python: a decimal digit of any script.
inline bool is_digit(char32_t c) {
  if (c < 0x80) return c >= U'0' && c <= U'9';
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND;
}

/// \w of Python's re, which differs from Unicode's: letters, numbers of every kind and the
/// underscore.
inline bool is_word(char32_t c) { return c == U'_' || is_letter(c) || is_number(c); }

/// \s by Unicode's White_Space, as the regex module and Oniguruma have it.
inline bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

/// \s of Python's own re, which counts the four information separators too.
inline bool is_space_python(char32_t c) { return is_space(c) || (c >= 0x1c && c <= 0x1f); }

/// Runs of white space become one space each.
inline Text collapse_spaces(TextView text) {
  Text out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const space = is_space(text[i]);
    if (!space) {
      out += text[i];
    } else if (i == 0 || !is_space(text[i - 1])) {
      out += U' ';
    }
  }
  return out;
}

}  // namespace vlsm::tokenizer
