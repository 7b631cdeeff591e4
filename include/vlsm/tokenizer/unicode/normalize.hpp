// SPDX-License-Identifier: MIT
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "vlsm/tokenizer/unicode/char_ranges.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

namespace vlsm::tokenizer {

/// Which Unicode normal form `normalize` makes.
enum class Form { nfc, nfkc };

/// The parts that the characters of a text are composed of, with the marks behind each in order.
/// Linear but for the sorting of combining marks (utf8proc's own sort is quadratic, which a prompt
/// of many marks would make a hang).
///
/// @param option  utf8proc's COMPOSE or DECOMPOSE, and COMPAT for compatible parts
/// @param known   which characters to treat so; the others stay and are no marks
template <class Known>
std::vector<utf8proc_int32_t> decompose(TextView text, utf8proc_option_t option, Known known) {
  std::vector<utf8proc_int32_t> points;
  points.reserve(text.size() + 1);
  for (char32_t c : text) {
    std::array<utf8proc_int32_t, 32> parts{};  // the longest decomposition (U+FDFA) has 18
    int boundary = 0;
    utf8proc_ssize_t const count =
        known(c) ? utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(),
                                           static_cast<utf8proc_ssize_t>(parts.size()), option,
                                           &boundary)
                 : -1;
    if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
      points.push_back(static_cast<utf8proc_int32_t>(c));
    } else {
      points.insert(points.end(), parts.begin(), parts.begin() + count);
    }
  }

  auto const order = [&](utf8proc_int32_t c) {
    return known(static_cast<char32_t>(c)) ? utf8proc_get_property(c)->combining_class : 0;
  };
  for (auto run = points.begin(); run != points.end();) {
    if (order(*run) == 0) {
      ++run;
      continue;
    }
    auto const stop = std::find_if(run, points.end(), [&](auto c) { return order(c) == 0; });
    std::stable_sort(run, stop, [&](auto a, auto b) { return order(a) < order(b); });
    run = stop;
  }
  return points;
}

/// The Unicode normal form C or KC. Quick for ASCII.
inline Text normalize(TextView text, Form form = Form::nfc) {
  // Below U+0300 every character is its own NFC, and nothing composes.
  if (form == Form::nfc &&
      std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; }))
    return Text(text);

  int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  if (form == Form::nfkc) options |= UTF8PROC_COMPAT;
  auto const option = static_cast<utf8proc_option_t>(options);
  std::vector<utf8proc_int32_t> points = decompose(text, option, [](char32_t) { return true; });
  utf8proc_ssize_t const count =
      utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()), option);
  if (count < 0) return Text(text);  // not reachable with code points below 0x110000
  return Text(points.begin(), points.begin() + count);
}

/// The normal form C of Rust's crate: characters that its tables lack are no marks there, and
/// nothing composes across them.
inline Text normalize_as_crate(TextView text) {
  auto const lacks = [](char32_t c) { return data::contains(data::crate_lacks_form, c); };
  Text out;
  for (auto at = text.begin(); at != text.end();) {
    auto const stop = std::find_if(at, text.end(), lacks);
    out += normalize(TextView(at, stop));
    at = std::find_if_not(stop, text.end(), lacks);
    out.append(stop, at);
  }
  return out;
}

}  // namespace vlsm::tokenizer
