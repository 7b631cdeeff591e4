// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vlsm/tokenizer/bpe/vocabulary_formats.hpp"

namespace vlsm::fuzz {

/// Byte pair encoding as one would write it down: on texts, by looking at all pairs again after
/// each merge.
class NaiveBpe {
 public:
  NaiveBpe(tokenizer::PieceIds const& ids, std::vector<tokenizer::SpelledMerge> const& merges) {
    for (auto const& [piece, id] : ids) ids_.emplace(piece, id);
    for (std::size_t rank = 0; rank < merges.size(); ++rank)
      ranks_[std::string(merges[rank].first) + " " + std::string(merges[rank].second)] = rank;
    tokenizer::ByteAlphabet const& alphabet = tokenizer::ByteAlphabet::get();
    for (std::size_t i = 0; i < 256; ++i) spelled_[alphabet.byte[i]] = alphabet.spelled[i];
  }

  void encode(std::string_view word, std::vector<std::int64_t>& ids) const {
    std::vector<std::string> pieces;
    for (char c : word) pieces.push_back(spelled_[static_cast<unsigned char>(c)]);
    if (pieces.empty()) return;
    pieces.back() += "</w>";
    for (;;) {
      std::size_t best = ranks_.size(), at = 0;
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        auto const found = ranks_.find(pieces[i] + " " + pieces[i + 1]);
        if (found != ranks_.end() && (at == 0 || found->second < best))
          best = found->second, at = i + 1;
      }
      if (at == 0) break;
      pieces[at - 1] += pieces[at];
      pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(at));
    }
    for (std::string const& piece : pieces) ids.push_back(ids_.at(piece));
  }

 private:
  std::unordered_map<std::string, std::int64_t> ids_;
  std::unordered_map<std::string, std::size_t> ranks_;  // of "left right"
  std::string spelled_[256];
};

}  // namespace vlsm::fuzz
