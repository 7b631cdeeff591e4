// SPDX-License-Identifier: MIT
#pragma once

#include <utf8proc.h>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "vlsm/tokenizer/unicode/unicode.hpp"

// Lower and upper case as the languages of the reference tokenizers have them. Both Python and Rust
// use Unicode's full mappings; they differ in the final sigma.
namespace vlsm::tokenizer {

/// Lower case without a look at the neighbors, as the `tokenizers` crate does it: Σ is always σ.
inline Text lower_rust(TextView text) {
  Text out;
  out.reserve(text.size());
  for (char32_t c : text) {
    if (c < 0x80) {
      out += c >= U'A' && c <= U'Z' ? c + 0x20 : c;
    } else if (c == 0x130) {
      out += U"i\u0307";  // İ is the one capital whose small form has two characters
    } else {
      out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return out;
}

/// What a character means for the sigma rule.
enum class Casing { ignored, cased, other };

/// Unicode's Case_Ignorable and Cased (chapter 3.13), ignorable winning as it does in Python.
inline Casing casing(char32_t c) {
  for (char32_t mark :
       U"'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a") {
    if (mark != 0 && mark == c) return Casing::ignored;
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return Casing::ignored;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return Casing::cased;
    default:
      break;
  }
  // Other_Lowercase and Other_Uppercase outside the categories above: ordinals, Roman numerals,
  // circled, squared and negative letters.
  constexpr std::array<std::pair<char32_t, char32_t>, 7> others{{{0xaa, 0xaa},
                                                                 {0xba, 0xba},
                                                                 {0x2160, 0x217f},
                                                                 {0x24b6, 0x24e9},
                                                                 {0x1f130, 0x1f149},
                                                                 {0x1f150, 0x1f169},
                                                                 {0x1f170, 0x1f189}}};
  for (auto [first, last] : others)
    if (c >= first && c <= last) return Casing::cased;
  return Casing::other;
}

/// Python's str.lower(): Σ is ς at the end of a word, σ elsewhere.
inline Text lower_python(TextView text) {
  Text out = lower_rust(text);
  if (text.find(U'\u03a3') == TextView::npos) return out;
  // One pass each way keeps text of nothing but Σ and marks linear: `before` is the last character
  // that counts on the left, `after` (filled from the right) the first on the right.
  std::size_t const n = text.size();
  std::vector<bool> cased_after(n, false);
  bool cased = false;
  for (std::size_t i = n; i-- > 0;) {
    cased_after[i] = cased;
    Casing const kind = casing(text[i]);
    if (kind != Casing::ignored) cased = kind == Casing::cased;
  }
  cased = false;
  std::size_t at = 0;  // İ grows, so positions in `out` run ahead
  for (std::size_t i = 0; i < n; ++i) {
    if (text[i] == U'\u03a3' && cased && !cased_after[i]) out[at] = U'\u03c2';
    at += text[i] == 0x130 ? 2 : 1;
    Casing const kind = casing(text[i]);
    if (kind != Casing::ignored) cased = kind == Casing::cased;
  }
  return out;
}

/// Python's str.upper() of the few characters that entities in capitals name ("&SZLIG;" is "SS").
inline Text upper_python(TextView text) {
  constexpr std::array<std::pair<char32_t, char32_t const*>, 7> longer{{{0xdf, U"SS"},
                                                                        {0x149, U"\u02bcN"},
                                                                        {0xfb00, U"FF"},
                                                                        {0xfb01, U"FI"},
                                                                        {0xfb02, U"FL"},
                                                                        {0xfb03, U"FFI"},
                                                                        {0xfb04, U"FFL"}}};
  Text out;
  for (char32_t c : text) {
    char32_t const* found = nullptr;
    for (auto [from, to] : longer)
      if (from == c) found = to;
    if (found != nullptr) {
      out += found;
    } else {
      out += static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return out;
}

}  // namespace vlsm::tokenizer
