// SPDX-License-Identifier: MIT
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <optional>

#include "vlsm/tokenizer/unicode/char_ranges.hpp"
#include "vlsm/tokenizer/unicode/lowercase.hpp"
#include "vlsm/tokenizer/unicode/normalize.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

namespace vlsm::tokenizer {

/// Whose treatment of a prompt to follow. They share pieces and rules and differ in details.
enum class BertFlavor {
  bert,       ///< transformers 5 (and 4's fast tokenizer), which is the `tokenizers` crate
  bert_slow,  ///< transformers 4.44's tokenizer in Python
};

}  // namespace vlsm::tokenizer

// What BERT's tokenizers make of a text before they look for pieces: clean, space out ideographs,
// strip accents, lower case, split at spaces and punctuation.
namespace vlsm::tokenizer {

/// The switches of BertNormalizer (tokenizer.json) and of tokenizer_config.json.
struct BertTreatment {
  bool clean_text = true;  ///< drop control characters and U+FFFD
  bool spaces_ideographs = true;
  std::optional<bool> strip_accents = std::nullopt;  ///< without a value: as `lowercase`
  bool lowercase = true;

  bool strips_accents() const { return strip_accents.value_or(lowercase); }
};

/// Unicode's category of a character as the reference has it: utf8proc's, but for characters that
/// the crate's older tables lack or have in another category.
inline utf8proc_category_t bert_category(char32_t c, BertFlavor flavor) {
  if (flavor == BertFlavor::bert) {
    if (c == 0x166d || c == 0x111c9) return UTF8PROC_CATEGORY_PO;
    if (c == 0x1734 || c == 0x1171e) return UTF8PROC_CATEGORY_MN;
    if (data::contains(data::crate_lacks_category, c)) return UTF8PROC_CATEGORY_CN;
  }
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

/// Whether cleaning drops a character. To Python an unassigned one is a control character too.
inline bool is_bert_control(char32_t c, BertFlavor flavor) {
  if (c >= 0x20 && c < 0x7f) return false;
  if (c == U'\t' || c == U'\n' || c == U'\r') return false;
  if (c == 0xfffd) return true;
  switch (bert_category(c, flavor)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
      return true;
    case UTF8PROC_CATEGORY_CN:
      return flavor == BertFlavor::bert_slow;
    default:
      return false;
  }
}

/// Punctuation, to which BERT counts every sign of ASCII ("$", "+").
inline bool is_bert_punctuation(char32_t c, BertFlavor flavor) {
  if (c < 0x80) return c > 0x20 && c < 0x7f && !is_letter(c) && !is_number(c);
  auto const kind = bert_category(c, flavor);
  return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

/// Whether a character is a word of its own: the blocks of Chinese characters. The crate leaves out
/// a piece that Python counts, U+2B820 to U+2B91F.
inline bool is_bert_ideograph(char32_t c, BertFlavor flavor) {
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b81f) ||
         (c >= (flavor == BertFlavor::bert ? 0x2b920u : 0x2b820u) && c <= 0x2ceaf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

/// Drops control characters and puts spaces around ideographs, where the treatment says so.
inline Text cleaned(TextView text, BertTreatment const& treatment, BertFlavor flavor) {
  Text out;
  out.reserve(text.size());
  for (char32_t c : text) {
    if (treatment.clean_text && is_bert_control(c, flavor)) continue;
    if (treatment.spaces_ideographs && is_bert_ideograph(c, flavor)) {
      out += U' ';
      out += c;
      out += U' ';
    } else {
      out += c;
    }
  }
  return out;
}

/// The normal form D of a text without its nonspacing marks.
inline Text without_accents(TextView text, BertFlavor flavor) {
  if (is_ascii(text)) return Text(text);
  auto const known = [&](char32_t c) {
    return flavor == BertFlavor::bert_slow || !data::contains(data::crate_lacks_form, c);
  };
  constexpr auto option = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  Text out;
  out.reserve(text.size());
  for (utf8proc_int32_t part : decompose(text, option, known)) {
    auto const c = static_cast<char32_t>(part);
    if (bert_category(c, flavor) != UTF8PROC_CATEGORY_MN) out += c;
  }
  return out;
}

/// Calls `each` with the words of a text, in order, until it returns false: parts without spaces
/// and punctuation, and every punctuation character. Special tokens must be taken out before.
///
/// @param whole  whether a part between spaces is a special token. One may come about by cleaning;
///               Python's tokenizer then keeps it in one piece
template <class Whole, class Each>
void each_bert_word(TextView text, BertTreatment const& treatment, BertFlavor flavor, Whole whole,
                    Each each) {
  bool const slow = flavor == BertFlavor::bert_slow;
  // Python's tokenizer lowers a prompt character by character before anything else, so its
  // str.lower() never sees the neighbors of a sigma.
  bool const lowers_first = slow && treatment.lowercase, lowers_last = !slow && treatment.lowercase;
  Text clean = cleaned(lowers_first ? lower_rust(text) : Text(text), treatment, flavor);
  if (slow) clean = normalize(clean);

  auto const space = [&](char32_t c) { return slow ? is_space_python(c) : is_space(c); };
  auto const punctuation = [&](char32_t c) { return is_bert_punctuation(c, flavor); };
  for (auto at = clean.begin(); at != clean.end();) {
    auto const end = std::find_if(at, clean.end(), space);
    Text part(at, end);
    at = end == clean.end() ? end : end + 1;
    if (treatment.strips_accents()) part = without_accents(part, flavor);
    if (lowers_last) part = lower_rust(part);
    if (slow && whole(TextView(part))) {
      if (!each(TextView(part))) return;
      continue;
    }
    for (auto from = part.begin(); from != part.end();) {
      auto const to = punctuation(*from) ? from + 1 : std::find_if(from, part.end(), punctuation);
      if (!each(TextView(from, to))) return;
      from = to;
    }
  }
}

}  // namespace vlsm::tokenizer
