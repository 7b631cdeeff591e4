// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "vlsm/tokenizer/ftfy/html.hpp"
#include "vlsm/tokenizer/ftfy/mojibake.hpp"
#include "vlsm/tokenizer/unicode/normalize.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

// The text repair that CLIP's tokenizers run first: ftfy 6.3.1's fix_text with its default options.
// Not covered: nothing of the defaults; ftfy's options, guess_bytes and explanations do not exist
// here.
namespace vlsm::tokenizer {

/// Latin ligatures and digraphs as the letters that they are made of.
inline Text fix_latin_ligatures(TextView text) {
  auto const letters = [](char32_t c) -> TextView {
    switch (c) {
      case 0x132:
        return U"IJ";
      case 0x133:
        return U"ij";
      case 0x149:
        return U"\u02bcn";
      case 0x1c4:
        return U"D\u017d";
      case 0x1c5:
        return U"D\u017e";
      case 0x1c6:
        return U"d\u017e";
      case 0x1c7:
        return U"LJ";
      case 0x1c8:
        return U"Lj";
      case 0x1c9:
        return U"lj";
      case 0x1ca:
        return U"NJ";
      case 0x1cb:
        return U"Nj";
      case 0x1cc:
        return U"nj";
      case 0x1f1:
        return U"DZ";
      case 0x1f2:
        return U"Dz";
      case 0x1f3:
        return U"dz";
      case 0xfb00:
        return U"ff";
      case 0xfb01:
        return U"fi";
      case 0xfb02:
        return U"fl";
      case 0xfb03:
        return U"ffi";
      case 0xfb04:
        return U"ffl";
      case 0xfb05:
        return U"\u017ft";
      case 0xfb06:
        return U"st";
      default:
        return {};
    }
  };
  Text out;
  out.reserve(text.size());
  for (char32_t c : text) {
    TextView const parts = letters(c);
    if (parts.empty()) {
      out += c;
    } else {
      out += parts;
    }
  }
  return out;
}

/// Full-width Latin and half-width Katakana in their usual width.
inline Text fix_character_width(TextView text) {
  Text out;
  out.reserve(text.size());
  for (char32_t c : text) {
    if (c == 0x3000) {
      out += U' ';
    } else if (c >= 0xff01 && c <= 0xffef) {
      out += normalize(TextView(&c, 1), Form::nfkc);
    } else {
      out += c;
    }
  }
  return out;
}

/// Straight quotes for curly ones; every kind of line break as a line feed.
inline Text fix_quotes_and_lines(TextView text) {
  Text out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t const c = text[i];
    if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b)) {
      out += U'\'';
    } else if (c >= 0x201c && c <= 0x201f) {
      out += U'"';
    } else if (c == U'\r') {
      if (i + 1 >= text.size() || text[i + 1] != U'\n') out += U'\n';
    } else if (c == 0x2028 || c == 0x2029 || c == 0x85) {
      out += U'\n';
    } else {
      out += c;
    }
  }
  return out;
}

/// Pairs of surrogates as the character that they stand for, single ones as U+FFFD.
inline Text fix_surrogates(TextView text) {
  Text out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t const c = text[i];
    if (c < 0xd800 || c > 0xdfff) {
      out += c;
    } else if (c < 0xdc00 && i + 1 < text.size() && text[i + 1] >= 0xdc00 &&
               text[i + 1] <= 0xdfff) {
      out += 0x10000 + ((c - 0xd800) << 10) + (text[++i] - 0xdc00);
    } else {
      out += U'\ufffd';
    }
  }
  return out;
}

/// Removes the "ANSI" sequences that color a terminal: ESC [ numbers letter.
inline Text remove_terminal_escapes(TextView text) {
  if (text.find(U'\x1b') == TextView::npos) return Text(text);
  Text out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t j = i + 2;
    if (text[i] == U'\x1b' && j <= text.size() && text[i + 1] == U'[') {
      while (j < text.size() && (text[j] == U';' || is_digit(text[j]))) ++j;
      if (j < text.size() && text[j] < 0x80 && is_letter(text[j])) {
        i = j + 1;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

/// Removes controls that show nothing: C0 but for white space, DEL, deprecated Arabic and
/// interlinear controls, the byte order mark. Joiners, direction marks and C1 stay.
inline Text remove_control_chars(TextView text) {
  Text out;
  out.reserve(text.size());
  for (char32_t c : text) {
    bool const removed = c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f ||
                         (c >= 0x206a && c <= 0x206f) || c == 0xfeff ||
                         (c >= 0xfff9 && c <= 0xfffc);
    if (!removed) out += c;
  }
  return out;
}

/// ftfy's fix_and_explain on one line, repeated until nothing changes. At most 128 rounds: only
/// entities nested deeper than that ("&amp;amp;...") would need more.
inline Text fix_segment(TextView segment, bool unescape) {
  Text now(segment);
  for (int round = 0; round < 128; ++round) {
    Text next = unescape ? unescape_ftfy(now) : now;
    if (!is_ascii(next)) {
      next = fix_encoding(next);
      next = fix_c1_controls(next);
      next = fix_latin_ligatures(next);
      next = fix_character_width(next);
    }
    next = fix_quotes_and_lines(next);
    next = fix_surrogates(next);
    next = remove_terminal_escapes(next);
    next = remove_control_chars(next);
    next = normalize(next);
    if (next == now) break;
    now = std::move(next);
  }
  return now;
}

/// ftfy's fix_text: repairs each line (at most a million characters) by itself. From the first line
/// with "<" on, entities stay as they are: the text is then taken for real HTML.
inline Text fix_text(TextView text) {
  constexpr std::size_t longest = 1'000'000;
  Text out;
  out.reserve(text.size());
  bool unescape = true;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const line = text.find(U'\n', at);
    std::size_t const length =
        std::min((line == TextView::npos ? text.size() : line + 1) - at, longest);
    TextView const segment = text.substr(at, length);
    unescape = unescape && segment.find(U'<') == TextView::npos;
    out += fix_segment(segment, unescape);
    at += length;
  }
  return out;
}

}  // namespace vlsm::tokenizer
