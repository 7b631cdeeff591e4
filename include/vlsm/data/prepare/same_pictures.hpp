// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/file/crc32.hpp"
#include "vlsm/image/perceptual_hash.hpp"

namespace vlsm {

/// By what pictures are told to be the same.
struct PictureKey {
  std::uint64_t bytes = 0;  ///< of the file: file_key; 0: not known
  PerceptualHash look{};    ///< perceptual_hash, where `has_look`
  bool has_look = false;
};

/// What tells a file's bytes from others: their CRC-32 and size.
inline std::uint64_t file_key(std::string_view bytes) {
  return std::uint64_t{io::crc32(std::as_bytes(std::span(bytes)))} << 32 ^ bytes.size();
}

/// In how many of 256 bits the hashes of look-alikes may differ. Among 93 pictures of BUSI copies,
/// one at another zoom, differ in 16 to 32 bits, neighbors of one sequence in 50 to 60, others in
/// 66 to 175.
inline constexpr int most_hash_bits = 48;

/// Whether a hash tells pictures apart: not that of one gray, or of a ramp.
constexpr bool is_telling(PerceptualHash const& hash) {
  int const set = hash_distance(hash, {});
  return set >= 8 && set <= 248;
}

/// Groups, of two or more indices of `keys` in ascending order, of pictures with the same bytes,
/// or, with `looks`, of pictures that look alike; there a chain of pairs is one group.
inline std::vector<std::vector<std::size_t>> same_pictures(std::vector<PictureKey> const& keys,
                                                           bool looks) {
  std::vector<std::size_t> parent(keys.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  auto const root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  auto const join = [&](std::size_t a, std::size_t b) {
    auto const [low, high] = std::minmax({root(a), root(b)});
    parent[high] = low;
  };
  if (looks) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (keys[i].has_look && keys[j].has_look && is_telling(keys[i].look) &&
            is_telling(keys[j].look) && hash_distance(keys[i].look, keys[j].look) <= most_hash_bits)
          join(i, j);
  } else {
    std::map<std::uint64_t, std::size_t> first;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].bytes == 0) continue;
      if (auto const [other, fresh] = first.emplace(keys[i].bytes, i); !fresh)
        join(i, other->second);
    }
  }
  std::map<std::size_t, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < keys.size(); ++i) groups[root(i)].push_back(i);
  std::vector<std::vector<std::size_t>> result;
  for (auto& [first, members] : groups)
    if (members.size() > 1) result.push_back(std::move(members));
  return result;
}

/// For each of `count` pictures the first one that is the same, by the groups of same_pictures; a
/// picture in no group stands for itself.
inline std::vector<std::size_t> first_of_same(std::vector<std::vector<std::size_t>> const& same,
                                              std::size_t count) {
  std::vector<std::size_t> first(count);
  std::iota(first.begin(), first.end(), std::size_t{0});
  for (auto const& members : same)
    for (std::size_t const i : members) first[i] = members[0];
  return first;
}

}  // namespace vlsm
