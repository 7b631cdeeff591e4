// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "vlsm/tokenizer/unicode/unicode.hpp"

namespace vlsm::tokenizer {

/// The ids of one prompt.
using Ids = std::vector<std::int64_t>;

/// Tokens that count wherever they stand in a raw text, before anything is done to it.
class SpecialTokens {
 public:
  /// Where a token stands; `length` 0 if there is none up to the end, which is at `at` then.
  struct Found {
    std::size_t at = 0;
    std::size_t length = 0;
    std::int64_t id = 0;
  };

  /// Adds a token (UTF-8). An empty one, or one that is there, changes nothing.
  void add(std::string_view token, std::int64_t id) {
    Text const spelled = decode(token);
    if (spelled.empty() || !ids_.emplace(spelled, id).second) return;
    first_.insert(spelled[0]);
    lengths_.insert(spelled.size());
  }

  /// Whether the whole text is a token.
  bool has(TextView text) const { return ids_.find(text) != ids_.end(); }

  /// The first token in the text; of several at one place the longest.
  Found next(TextView text) const {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (!first_.contains(text[at])) continue;
      for (std::size_t length : lengths_) {
        if (length > text.size() - at) continue;
        auto const found = ids_.find(text.substr(at, length));
        if (found != ids_.end()) return {at, length, found->second};
      }
    }
    return {text.size(), 0, 0};
  }

 private:
  std::map<Text, std::int64_t, std::less<>> ids_;
  std::set<char32_t> first_;
  std::set<std::size_t, std::greater<>> lengths_;  // longest first
};

}  // namespace vlsm::tokenizer
