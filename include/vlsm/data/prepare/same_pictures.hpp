// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <vector>

#include "vlsm/image/perceptual_hash.hpp"

namespace vlsm {

/// By what pictures are told to be the same.
struct PictureKey {
  std::uint64_t bytes = 0;  ///< of the file: its size and checksum
  PerceptualHash look{};    ///< perceptual_hash
  bool has_look = false;
};

/// In how many of 256 bits the hashes of look-alikes may differ. Of 93 of BUSI's pictures copies,
/// at another zoom too, differ in 16 to 32, neighbors of one sequence in 50 to 60, others in 66 to
/// 175.
inline constexpr int most_hash_bits = 48;

/// Whether a hash tells pictures apart: not that of one gray, or of a ramp.
constexpr bool is_telling(PerceptualHash const& hash) {
  int const set = hash_distance(hash, {});
  return set >= 8 && set <= 248;
}

/// Groups of two or more pictures that are the same file, or (`looks`) show the same; indices
/// ascend.
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

}  // namespace vlsm
