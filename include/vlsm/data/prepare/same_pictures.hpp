// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/image/perceptual_hash.hpp"

namespace vlsm {

/// By what pictures are told to be the same.
struct PictureKey {
  ContentHash bytes{};    ///< of the file; that of nothing: not known
  PerceptualHash look{};  ///< perceptual_hash, where `has_look`
  bool has_look = false;
  /// The sequence that the picture is a part of, whose parts look alike without being copies;
  /// empty: none.
  std::string sequence{};
  /// The publisher's file, whose frames are no copies of each other; empty: not known.
  std::string file{};
};

/// In how many of 256 bits the hashes of look-alikes may differ. Among 93 pictures of BUSI copies,
/// one at another zoom, differ in 16 to 32 bits, neighbors of one sequence in 50 to 60, others in
/// 66 to 175. Their hashes have 98 to 161 bits set.
inline constexpr int most_hash_bits = 48;

/// Whether a hash tells pictures apart, by how many of its bits are set: not that of one gray, of a
/// ramp, or of a few bright spots on black, of which all have nearly the same.
constexpr bool is_telling(PerceptualHash const& hash) {
  int const set = hash_distance(hash, {});
  return set >= 32 && set <= 224;
}

/// Whether two hashes are those of look-alikes: they differ in at most 3/8 of the bits in which two
/// of as many set bits do by chance (128 of 128 and 128, so that 48 may), and in no more than 48.
constexpr bool are_alike(PerceptualHash const& a, PerceptualHash const& b) {
  int const bits = hash_distance(a, b);
  if (bits > most_hash_bits || !is_telling(a) || !is_telling(b)) return false;
  int const i = hash_distance(a, {}), j = hash_distance(b, {});
  return 8 * 256 * bits <= 3 * (256 * (i + j) - 2 * i * j);
}

namespace detail {

/// Numbers that are joined to sets, each of which holds at most one of a sequence.
class PictureSets {
 public:
  explicit PictureSets(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  /// Joins the sets of `a` and `b`.
  void join(std::size_t a, std::size_t b) {
    auto const [low, high] = std::minmax({root(a), root(b)});
    if (low == high) return;
    parent_[high] = low;
    if (auto const moved = sequences_.extract(high)) sequences_[low].merge(moved.mapped());
  }
  bool joined(std::size_t a, std::size_t b) { return root(a) == root(b); }
  /// Whether joining them would bring two of a sequence together.
  bool exclude(std::size_t a, std::size_t b) {
    auto const one = sequences_.find(root(a)), other = sequences_.find(root(b));
    if (joined(a, b) || one == sequences_.end() || other == sequences_.end()) return false;
    return std::ranges::any_of(one->second,
                               [&](auto const& name) { return other->second.contains(name); });
  }
  void put_in_sequence(std::size_t i, std::string const& name) { sequences_[i] = {name}; }

  /// The sets of two or more, in ascending order.
  std::vector<std::vector<std::size_t>> groups() {
    std::map<std::size_t, std::vector<std::size_t>> all;
    for (std::size_t i = 0; i < parent_.size(); ++i) all[root(i)].push_back(i);
    std::vector<std::vector<std::size_t>> result;
    for (auto& [first, members] : all)
      if (members.size() > 1) result.push_back(std::move(members));
    return result;
  }

 private:
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  std::vector<std::size_t> parent_;
  std::map<std::size_t, std::set<std::string>> sequences_;  // by root
};

/// Joins those of `keys` that look alike, the nearest pairs first. Where more than `most` pairs
/// wait for their turn (4 MiB of them), the farthest are dropped, to be found again in another pass
/// over all pairs: most are of one set by then.
inline void join_look_alikes(PictureSets& sets, std::vector<PictureKey> const& keys,
                             std::size_t most = std::size_t{1} << 19) {
  using Pair = std::array<std::uint32_t, 2>;
  std::vector<std::uint32_t> telling;
  for (std::uint32_t i = 0; i < keys.size(); ++i)
    if (keys[i].has_look && is_telling(keys[i].look)) telling.push_back(i);
  auto const join = [&](std::uint32_t a, std::uint32_t b) {
    if (!sets.exclude(a, b)) sets.join(a, b);
  };
  for (int near = 0, far = most_hash_bits; near <= most_hash_bits;
       near = far + 1, far = most_hash_bits) {
    std::array<std::vector<Pair>, most_hash_bits + 1> waiting;  // by their distance
    std::size_t count = 0;
    for (std::uint32_t const i : telling) {
      for (std::uint32_t const j : telling) {
        if (j == i) break;
        int const bits = hash_distance(keys[i].look, keys[j].look);
        if (bits < near || bits > far || !are_alike(keys[i].look, keys[j].look)) continue;
        if (bits == near) {
          join(i, j);
        } else if (!sets.joined(i, j) && !sets.exclude(i, j)) {
          waiting[static_cast<std::size_t>(bits)].push_back({i, j});
          ++count;
        }
        for (; count > most; --far) {
          auto& farthest = waiting[static_cast<std::size_t>(far)];
          count -= std::exchange(farthest, {}).size();
        }
      }
    }
    for (auto const& pairs : waiting)
      for (auto const [a, b] : pairs) join(a, b);
  }
}

}  // namespace detail

/// Groups, of two or more indices of `keys` in ascending order, of pictures with the same bytes,
/// frames of one file aside, and, with `looks`, of those that look alike; there a chain of pairs is
/// one group, the nearest pairs first, but looks bring no two pictures of a sequence together.
inline std::vector<std::vector<std::size_t>> same_pictures(std::vector<PictureKey> const& keys,
                                                           bool looks) {
  detail::PictureSets sets(keys.size());
  if (looks)
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!keys[i].sequence.empty()) sets.put_in_sequence(i, keys[i].sequence);
  std::map<ContentHash, std::size_t> first;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].bytes == ContentHash{}) continue;
    auto const [other, fresh] = first.emplace(keys[i].bytes, i);
    bool const frames = !keys[i].file.empty() && keys[i].file == keys[other->second].file;
    if (!fresh && !frames) sets.join(i, other->second);
  }
  if (looks) detail::join_look_alikes(sets, keys);
  return sets.groups();
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
