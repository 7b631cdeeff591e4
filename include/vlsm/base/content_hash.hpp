// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace vlsm {

/// 128 bits that tell contents apart; no protection against forgery.
struct ContentHash {
  std::uint64_t high = 0, low = 0;

  auto operator<=>(ContentHash const&) const = default;

  /// 32 hexadecimal digits.
  std::string text() const {
    char digits[33];
    std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(high),
                  static_cast<unsigned long long>(low));
    return digits;
  }
};

/// The hash of `bytes`; `before` is that of what stands before them, where anything does. Four sums
/// run beside each other, so a picture is read about as fast as memory gives it.
inline ContentHash content_hash(std::span<std::byte const> bytes, ContentHash before = {}) {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15, odd = 0xd1342543de82ef95;
  // Stirs all bits into all others.
  auto const stir = [](std::uint64_t x) {
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
    x = (x ^ (x >> 29)) * 0xa0761d6478bd642f;
    return x ^ (x >> 32);
  };
  std::array<std::uint64_t, 4> sums{before.high ^ spread, before.low + odd, stir(before.low + 1),
                                    stir(before.high + bytes.size())};
  auto const take = [&](std::byte const* block) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      std::uint64_t word;
      std::memcpy(&word, block + lane * sizeof word, sizeof word);
      sums[lane] = std::rotl(sums[lane] + word * spread, 27) * odd;
    }
  };
  constexpr std::size_t block = 32;
  std::size_t at = 0;
  for (; at + block <= bytes.size(); at += block) take(bytes.data() + at);
  if (at < bytes.size()) {
    std::array<std::byte, block> rest{};
    std::memcpy(rest.data(), bytes.data() + at, bytes.size() - at);
    take(rest.data());
  }
  ContentHash hash{bytes.size(), ~std::uint64_t{bytes.size()}};
  for (std::size_t lane = 0; lane < sums.size(); ++lane) {
    hash.high = stir(hash.high * odd + sums[lane]);
    hash.low = stir((hash.low ^ sums[lane]) * spread + lane);
  }
  return hash;
}

/// The same of a text.
inline ContentHash content_hash(std::string_view text, ContentHash before = {}) {
  return content_hash(std::as_bytes(std::span(text)), before);
}

}  // namespace vlsm
