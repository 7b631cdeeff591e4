// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "vlsm/base/file/bytes.hpp"

// DICOM's run lengths (PS3.5, annex G). DCMTK's own decoder of them goes beyond its buffers
// on damaged files.
namespace vlsm::detail {

/// Unpacks the runs of one segment to `count` bytes at `out`; what would be more is left out.
/// Returns whether there were as many.
inline bool unpack_run_length_segment(std::string_view runs, std::uint8_t* out, std::size_t count) {
  std::size_t at = 0;
  while (count > 0 && at < runs.size()) {
    auto const code = static_cast<signed char>(runs[at++]);
    if (code == -128) continue;
    bool const copies = code >= 0;
    auto const length = static_cast<std::size_t>(copies ? code + 1 : 1 - code);
    std::size_t const taken = copies ? length : 1, put = std::min(length, count);
    if (taken > runs.size() - at) return false;
    if (copies)
      std::memcpy(out, runs.data() + at, put);
    else
      std::memset(out, static_cast<unsigned char>(runs[at]), put);
    at += taken, out += put, count -= put;
  }
  return count == 0;
}

/// Unpacks a fragment of `segments` segments of `count` bytes each, one behind another; an empty
/// vector where it is damaged or holds another number of segments.
inline std::vector<std::uint8_t> unpack_run_lengths(std::string_view fragment, std::size_t segments,
                                                    std::size_t count) {
  constexpr std::size_t head = 64;
  auto const word = [&](std::size_t i) -> std::size_t {
    return io::load_little<std::uint32_t>(
        reinterpret_cast<std::byte const*>(fragment.data() + 4 * i));
  };
  if (fragment.size() < head || word(0) != segments || segments > 15) return {};
  std::vector<std::uint8_t> out(segments * count);
  for (std::size_t i = 0; i < segments; ++i) {
    std::size_t const begin = word(i + 1);
    std::size_t const end = i + 1 < segments ? word(i + 2) : fragment.size();
    if (begin < head || begin > end || end > fragment.size()) return {};
    if (!unpack_run_length_segment(fragment.substr(begin, end - begin), out.data() + i * count,
                                   count))
      return {};
  }
  return out;
}

}  // namespace vlsm::detail
