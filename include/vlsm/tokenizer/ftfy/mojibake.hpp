// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/tokenizer/ftfy/badness.hpp"
#include "vlsm/tokenizer/ftfy/encodings_data.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

// Undoing mojibake: text that was UTF-8 but was read in a single-byte encoding is written back in
// that encoding and read as UTF-8. The steps and their order are those of ftfy 6.3.1's
// fix_encoding.
namespace vlsm::tokenizer {

/// Writes text in a single-byte encoding.
class ByteEncoder {
 public:
  explicit ByteEncoder(data::Encoding const& encoding) : sloppy_(encoding.sloppy) {
    for (std::size_t i = 0; i < 128; ++i)
      bytes_[i] = {encoding.upper[i], static_cast<unsigned char>(0x80 + i)};
    std::sort(bytes_.begin(), bytes_.end());
  }
  /// The bytes, or nothing if some character has none.
  std::optional<std::string> operator()(TextView text) const {
    std::string out;
    out.reserve(text.size());
    for (char32_t c : text) {
      if (sloppy_ && c == 0xfffd) {
        out += '\x1a';
      } else if (c < 0x80 && !(sloppy_ && c == 0x1a)) {
        out += static_cast<char>(c);
      } else {
        auto const found = std::lower_bound(bytes_.begin(), bytes_.end(),
                                            std::pair<char32_t, unsigned char>{c, 0});
        if (found == bytes_.end() || found->first != c) return std::nullopt;
        out += static_cast<char>(found->second);
      }
    }
    return out;
  }

 private:
  bool sloppy_;
  std::array<std::pair<char32_t, unsigned char>, 128> bytes_{};
};

/// One byte of a pattern: up to three inclusive ranges.
struct ByteClass {
  std::array<std::pair<unsigned char, unsigned char>, 3> ranges;
  bool admits(char byte) const {
    auto const b = static_cast<unsigned char>(byte);
    for (auto [first, last] : ranges)
      if (first != 0 && b >= first && b <= last) return true;
    return false;
  }
};
using BytePattern = std::vector<ByteClass>;

/// The length of the first pattern that fits at `at`, or 0.
inline std::size_t match_bytes(std::vector<BytePattern> const& patterns, std::string_view bytes,
                               std::size_t at) {
  for (BytePattern const& pattern : patterns) {
    if (pattern.size() > bytes.size() - at) continue;
    bool all = true;
    for (std::size_t i = 0; all && i < pattern.size(); ++i) all = pattern[i].admits(bytes[at + i]);
    if (all) return pattern.size();
  }
  return 0;
}

/// Puts the bytes 0xA0 back that some program turned into spaces, where that makes likely UTF-8. A
/// lone "à" keeps the space behind it, but for the Portuguese words that begin with it.
inline std::string restore_byte_a0(std::string_view bytes) {
  static ByteClass const space{{{{0x20, 0x20}}}}, any{{{{0x80, 0xbf}}}};
  static ByteClass const narrow{
      {{{0x80, 0x84}, {0x86, 0x9f}, {0xa1, 0xbf}}}};  // 0x85 is an ellipsis
  static ByteClass const of_4{{{{0xf0, 0xf0}}}};
  static std::vector<BytePattern> const altered{
      {{{{{0xc2, 0xc3}, {0xc5, 0xc5}, {0xce, 0xce}}}}, space},
      {{{{{0xd0, 0xd0}, {0xd9, 0xd9}}}}, space},
      {{{{{0xe2, 0xe3}}}}, space, narrow},
      {{{{{0xe0, 0xe3}}}}, narrow, space},
      {of_4, space, any, any},
      {of_4, any, space, any},
      {of_4, any, any, space},
  };
  std::string spaced;
  spaced.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string_view const rest = bytes.substr(at);
    if (!rest.starts_with("\xc3 ")) {
      spaced += bytes[at];
      continue;
    }
    std::string_view const after = rest.substr(2);
    bool const joined = after.starts_with(" ") || after.starts_with("quele") ||
                        after.starts_with("quela") || after.starts_with("quilo") ||
                        after.starts_with("s ");
    spaced += joined ? "\xc3 " : "\xc3\xa0 ";
    ++at;
  }
  for (std::size_t at = 0; at < spaced.size();) {
    std::size_t const length = match_bytes(altered, spaced, at);
    auto const first = spaced.begin() + static_cast<std::ptrdiff_t>(at);
    std::replace(first, first + static_cast<std::ptrdiff_t>(length), ' ', '\xa0');
    at += std::max<std::size_t>(length, 1);
  }
  return spaced;
}

/// Replaces UTF-8 sequences in which a byte was lost (now 0x1A or a question mark) by U+FFFD.
inline std::string replace_lossy_sequences(std::string_view bytes) {
  static ByteClass const lost{{{{0x1a, 0x1a}}}}, asked{{{{0x1a, 0x1a}, {0x3f, 0x3f}}}};
  static ByteClass const kept{{{{0x1a, 0x1a}, {0x80, 0xbf}}}}, of_3{{{{0xe0, 0xef}}}},
      of_4{{{{0xf0, 0xf4}}}};
  static ByteClass const all{{{{0x1a, 0x1a}, {0x3f, 0x3f}, {0x80, 0xbf}}}}, ed{{{{0xed, 0xed}}}};
  static ByteClass const high{{{{0xa0, 0xaf}}}}, low{{{{0xb0, 0xbf}}}};
  static std::vector<BytePattern> const lossy{
      {{{{{0xc2, 0xdf}}}}, lost},
      {{{{{0xc2, 0xc3}}}}, {{{{0x3f, 0x3f}}}}},
      {ed, high, asked, ed, low, all},
      {ed, high, all, ed, low, asked},
      {of_3, asked, kept},
      {of_3, kept, asked},
      {of_4, asked, kept, kept},
      {of_4, kept, asked, kept},
      {of_4, kept, kept, asked},
      {lost},
  };
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t const length = match_bytes(lossy, bytes, at);
    if (length == 0) {
      out += bytes[at++];
    } else {
      out += "\xef\xbf\xbd";
      at += length;
    }
  }
  return out;
}

/// Reads UTF-8 that may hold surrogate pairs (CESU-8) and Java's two-byte null; nothing if it is
/// neither.
inline std::optional<Text> decode_utf8_variants(std::string_view bytes) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  // The end, or a line feed before it: the codec finds its sequences with a pattern whose `$` takes
  // both.
  auto const ends = [&](std::size_t i) {
    return i >= bytes.size() || (i + 1 == bytes.size() && bytes[i] == '\n');
  };
  Text text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    if (byte(at) == 0xc0 && at + 1 < bytes.size() && (byte(at + 1) == 0x80 || ends(at + 1))) {
      text += U'\0';
      at += 2;
      continue;
    }
    bool const pair = bytes.size() - at >= 6 && byte(at) == 0xed && (byte(at + 1) & 0xf0) == 0xa0 &&
                      (byte(at + 2) & 0xc0) == 0x80 && byte(at + 3) == 0xed &&
                      (byte(at + 4) & 0xf0) == 0xb0 &&
                      ((byte(at + 5) & 0xc0) == 0x80 || ends(at + 5));
    if (pair) {
      text += 0x10000u + ((byte(at + 1) & 0x0fu) << 16) + ((byte(at + 2) & 0x3fu) << 10) +
              ((byte(at + 4) & 0x0fu) << 6) + (byte(at + 5) & 0x3fu);
      at += 6;
      continue;
    }
    char32_t point = 0;
    std::size_t const length = decode_one(bytes, at, point, Surrogates::refuse);
    if (length == 0) return std::nullopt;
    text += point;
    at += length;
  }
  return text;
}

/// Every C1 control as the character that Windows-1252 has in its place.
inline Text fix_c1_controls(TextView text) {
  Text out(text);
  for (char32_t& c : out)
    if (c >= 0x80 && c <= 0x9f) c = data::encodings[1].upper[c - 0x80];
  return out;
}

inline Text fix_encoding(TextView text, int depth = 0);

/// The end of the run of UTF-8-like sequences at `at`, or `at` if there is none.
inline std::size_t utf8_like_run(TextView text, std::size_t at) {
  auto const follows = [&](std::size_t from, std::size_t count) {
    if (from + count >= text.size()) return false;
    for (std::size_t i = 1; i <= count; ++i)
      if (!(kinds_of(text[from + i]) & kind::continuation)) return false;
    return true;
  };
  while (at < text.size()) {
    std::uint32_t const lead = kinds_of(text[at]);
    if ((lead & kind::first_of_2) && follows(at, 1)) {
      at += 2;
    } else if ((lead & kind::first_of_3) && follows(at, 2)) {
      at += 3;
    } else if ((lead & kind::first_of_4) && follows(at, 3)) {
      at += 4;
    } else {
      break;
    }
  }
  return at;
}

/// Repairs the parts of a text that look like mojibake of UTF-8, each by itself.
inline Text decode_inconsistent_utf8(TextView text, int depth) {
  Text out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    // Behind such a character a repair would take a few letters out of a longer garble.
    bool const inside = at > 0 && (kinds_of(text[at - 1]) & kind::continuation_strict);
    std::size_t const end = inside ? at : utf8_like_run(text, at);
    if (end == at) {
      out += text[at++];
      continue;
    }
    TextView const part = text.substr(at, end - at);
    out += part.size() < text.size() && is_bad(part) ? fix_encoding(part, depth + 1) : Text(part);
    at = end;
  }
  return out;
}

/// One step of the repair; the text itself if there is nothing to repair.
inline Text fix_encoding_once(TextView text, int depth) {
  if (is_ascii(text) || !is_bad(text)) return Text(text);
  static std::vector<ByteEncoder> const encoders(data::encodings.begin(), data::encodings.end());
  std::optional<std::string> latin1;
  for (std::size_t i = 0; i < encoders.size(); ++i) {
    std::optional<std::string> bytes = encoders[i](text);
    if (!bytes) continue;
    if (i == 0) latin1 = bytes;
    if (data::encodings[i].restores) bytes = restore_byte_a0(*bytes);
    if (data::encodings[i].sloppy) bytes = replace_lossy_sequences(*bytes);
    bool const variants = bytes->find_first_of("\xed\xc0") != std::string::npos;
    std::optional<Text> const fixed = variants ? decode_utf8_variants(*bytes) : try_decode(*bytes);
    if (fixed) return *fixed;
  }
  if (Text const fixed = decode_inconsistent_utf8(text, depth); fixed != text) return fixed;
  if (latin1) {
    // Latin-1 with C1 controls was meant as Windows-1252, unless it uses one of that page's five
    // holes.
    bool const hole = latin1->find_first_of("\x81\x8d\x8f\x90\x9d") != std::string::npos;
    if (Text const fixed = fix_c1_controls(text); !hole && fixed != text) return fixed;
  }
  return fix_c1_controls(text);
}

/// ftfy's fix_encoding: repairs until nothing changes. At most 64 rounds and 16 levels, which no
/// honest text comes near (the reference has no limits).
inline Text fix_encoding(TextView text, int depth) {
  Text now(text);
  for (int round = 0; round < 64 && depth < 16; ++round) {
    Text next = fix_encoding_once(now, depth);
    if (next == now) break;
    now = std::move(next);
  }
  return now;
}

}  // namespace vlsm::tokenizer
