// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string_view>
#include <vector>

namespace vlsm::tokenizer {

/// Which two pieces merge, how early, and into what: a hash table with open addressing, small and
/// quick to fill (CLIP's 48894 merges take a millisecond).
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank;  ///< the smallest rank merges first
    std::int32_t id;     ///< of the merged piece
  };

  /// Makes room for `count` merges.
  void reserve(std::size_t count) {
    std::size_t size = 16;
    while (size < count * 2) size *= 2;
    std::vector<Slot> old(size);
    std::swap(old, slots_);
    used_ = 0;
    for (Slot const& slot : old)
      if (slot.key != none) put(slot.key, slot.merge);
  }
  /// Adds a merge; a later one for the same pair replaces it, as in the reference implementations.
  void add(std::int32_t left, std::int32_t right, Merge merge) {
    if (used_ * 2 >= slots_.size()) reserve(used_ + 1);
    put(key(left, right), merge);
  }
  /// The merge of a pair, or nullptr.
  Merge const* find(std::int32_t left, std::int32_t right) const {
    if (slots_.empty()) return nullptr;
    std::uint64_t const wanted = key(left, right);
    for (std::size_t at = home(wanted);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].key == wanted) return &slots_[at].merge;
      if (slots_[at].key == none) return nullptr;
    }
  }
  std::size_t size() const { return used_; }

 private:
  static constexpr std::uint64_t none = ~std::uint64_t{0};  // no pair: ids are not negative
  struct Slot {
    std::uint64_t key = none;
    Merge merge{};
  };
  static std::uint64_t key(std::int32_t left, std::int32_t right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
  }
  std::size_t home(std::uint64_t key) const {
    std::uint64_t const mixed = (key ^ (key >> 29)) * 0x9e3779b97f4a7c15u;
    return static_cast<std::size_t>(mixed >> 32) & (slots_.size() - 1);
  }
  void put(std::uint64_t wanted, Merge merge) {
    std::size_t at = home(wanted);
    while (slots_[at].key != none && slots_[at].key != wanted) at = (at + 1) & (slots_.size() - 1);
    used_ += slots_[at].key == none ? 1 : 0;
    slots_[at] = {wanted, merge};
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// Byte-level byte pair encoding with an end-of-word mark: the ids of the 256 bytes, of the 256
/// bytes at the end of a word, and the merges.
struct Bpe {
  std::array<std::int32_t, 256> byte{};
  std::array<std::int32_t, 256> last_byte{};
  MergeTable merges;

  /// Appends the ids of one word (UTF-8, not empty).
  ///
  /// Takes n log n steps for n bytes: the pair with the smallest rank, leftmost first, comes from a
  /// heap, and pieces are a linked list.
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const {
    if (word.empty()) return;
    struct Node {
      std::int32_t id;  // -1: merged into its left neighbor
      std::int32_t left, right;
    };
    struct Candidate {
      std::uint32_t rank;
      std::int32_t at;
      std::int32_t left_id, right_id;
      bool operator>(Candidate const& other) const {
        return rank != other.rank ? rank > other.rank : at > other.at;
      }
    };
    auto const n = static_cast<std::int32_t>(word.size());
    std::vector<Node> nodes(word.size());
    for (std::int32_t i = 0; i < n; ++i) {
      auto const value = static_cast<unsigned char>(word[static_cast<std::size_t>(i)]);
      nodes[static_cast<std::size_t>(i)] = {i + 1 < n ? byte[value] : last_byte[value], i - 1,
                                            i + 1 < n ? i + 1 : -1};
    }
    auto const node = [&](std::int32_t i) -> Node& { return nodes[static_cast<std::size_t>(i)]; };

    std::vector<Candidate> storage;
    storage.reserve(word.size() * 2);
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap({},
                                                                                std::move(storage));
    auto const offer = [&](std::int32_t i) {
      if (i < 0 || node(i).right < 0) return;
      std::int32_t const left = node(i).id, right = node(node(i).right).id;
      if (auto const* merge = merges.find(left, right)) heap.push({merge->rank, i, left, right});
    };
    for (std::int32_t i = 0; i + 1 < n; ++i) offer(i);
    while (!heap.empty()) {
      Candidate const best = heap.top();
      heap.pop();
      Node& left = node(best.at);
      // A candidate is out of date if either side has merged since.
      if (left.id != best.left_id || left.right < 0 || node(left.right).id != best.right_id)
        continue;
      Node& right = node(left.right);
      left.id = merges.find(best.left_id, best.right_id)->id;
      left.right = right.right;
      right.id = -1;
      if (left.right >= 0) node(left.right).left = best.at;
      offer(left.left);
      offer(best.at);
    }
    for (std::int32_t i = 0; i >= 0; i = node(i).right) ids.push_back(node(i).id);
  }
};

}  // namespace vlsm::tokenizer
