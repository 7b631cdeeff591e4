// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace vlsm::tokenizer::data {

/// The characters first to last, both included.
struct CharRange {
  char32_t first;
  char32_t last;
};

/// Whether `c` is in one of the ranges, which must ascend.
template <std::size_t N>
constexpr bool contains(std::array<CharRange, N> const& ranges, char32_t c) {
  auto const after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t x, CharRange range) { return x < range.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

}  // namespace vlsm::tokenizer::data

// What the `tokenizers` crate does not know of Unicode: its tables (unicode_categories 0.1,
// unicode-normalization-alignments 0.1) are older than utf8proc's. Found by asking tokenizers 0.23
// about every character and comparing with Unicode 18, so later releases of utf8proc are covered
// too. A range may hold characters that the question does not concern.
namespace vlsm::tokenizer::data {

/// Punctuation, marks and format characters that have no such category in the crate.
inline constexpr std::array<CharRange, 43> crate_lacks_category{{
    {0x5c8, 0x5c9},     {0x61d, 0x61d},     {0x7fd, 0x7fd},     {0x890, 0x8e2},
    {0x9fd, 0x9fe},     {0xa76, 0xa76},     {0xafa, 0xaff},     {0xb53, 0xb55},
    {0xc04, 0xc3c},     {0xc77, 0xc77},     {0xc84, 0xc84},     {0xd00, 0xd00},
    {0xd3b, 0xd3c},     {0xd81, 0xd81},     {0xeba, 0xeba},     {0xece, 0xece},
    {0x180f, 0x1886},   {0x1abf, 0x1af0},   {0x1b4e, 0x1b4f},   {0x1b7d, 0x1b7f},
    {0x1df6, 0x1dfb},   {0x2e43, 0x2e63},   {0xa82c, 0xa82c},   {0xa8c5, 0xa8c5},
    {0xa8ff, 0xa8ff},   {0xa9bd, 0xa9bd},   {0x10d24, 0x10f89}, {0x11070, 0x11074},
    {0x110c2, 0x110cd}, {0x111cf, 0x111cf}, {0x1123e, 0x11241}, {0x1133b, 0x1133b},
    {0x113bb, 0x1145e}, {0x11660, 0x1166c}, {0x116b9, 0x116b9}, {0x1182f, 0x11fff},
    {0x12ff1, 0x1612f}, {0x16d6d, 0x16f4f}, {0x16fe2, 0x16fe4}, {0x1cf00, 0x1d128},
    {0x1d25b, 0x1d25c}, {0x1e000, 0x1e6f5}, {0x1e944, 0x1e95f},
}};

/// Characters that the crate neither decomposes nor orders as marks.
inline constexpr std::array<CharRange, 23> crate_lacks_form{{
    {0x5c8, 0x5c9},     {0x7fd, 0x7fd},     {0x897, 0x8d3},     {0x9fe, 0x9fe},
    {0xc3c, 0xc3c},     {0xd3b, 0xd3c},     {0xeba, 0xeba},     {0x1715, 0x1715},
    {0x1abf, 0x1af0},   {0x1df6, 0x1dfa},   {0xa82c, 0xa82c},   {0x105c9, 0x105e4},
    {0x10d24, 0x10f85}, {0x11070, 0x11070}, {0x1133b, 0x1133b}, {0x11383, 0x113d0},
    {0x1145e, 0x1145e}, {0x11839, 0x11a99}, {0x11d42, 0x1612f}, {0x16d68, 0x16ff1},
    {0x1d127, 0x1d128}, {0x1d250, 0x1d281}, {0x1e08f, 0x1e6f5},
}};

}  // namespace vlsm::tokenizer::data
