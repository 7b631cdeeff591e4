// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace vlsm::io {

// Every format read here is little-endian and is read in place.
static_assert(std::endian::native == std::endian::little, "vlsm::io needs a little-endian machine");

/// a + b, or nothing where the sum does not fit T.
template <std::integral T>
constexpr std::optional<T> checked_sum(T a, T b) {
  T result{};
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// a * b, or nothing where the product does not fit T.
template <std::integral T>
constexpr std::optional<T> checked_product(T a, T b) {
  T result{};
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// The little-endian T that starts at `from`, which need not be aligned. The caller checks the
/// range.
template <typename T>
T load_little(std::byte const* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// A name out of a file as a message may show it: plain ASCII, at most 80 characters. Names in a
/// hostile file may be megabytes long or hold broken UTF-8 that JSON output refuses.
inline std::string brief_name(std::string_view name) {
  constexpr std::size_t longest = 80;
  std::string text;
  for (char c : name.substr(0, longest)) text += c >= 0x20 && c < 0x7f ? c : '?';
  return text + (name.size() > longest ? "..." : "");
}

/// The same in quotes.
inline std::string shown(std::string_view name) { return "'" + brief_name(name) + "'"; }

}  // namespace vlsm::io
