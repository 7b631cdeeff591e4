// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "vlsm/tokenizer/unicode.hpp"

namespace vlsm::tokenizer {

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
    if (spelled.empty() || whole(spelled) != nullptr) return;
    auto const shorter = std::find_if(tokens_.begin(), tokens_.end(), [&](Token const& other) {
      return other.spelled.size() < spelled.size();
    });
    tokens_.insert(shorter, {spelled, id});
  }

  /// The id of the token that is the whole text, or nullptr.
  std::int64_t const* whole(TextView text) const {
    for (Token const& token : tokens_)
      if (token.spelled == text) return &token.id;
    return nullptr;
  }

  /// The first token in the text; of several at one place the longest.
  Found next(TextView text) const {
    for (std::size_t at = 0; at < text.size(); ++at)
      for (Token const& token : tokens_)
        if (token.spelled[0] == text[at] && text.substr(at).starts_with(token.spelled))
          return {at, token.spelled.size(), token.id};
    return {text.size(), 0, 0};
  }

 private:
  struct Token {
    Text spelled;
    std::int64_t id;
  };
  std::vector<Token> tokens_;  // longest first
};

}  // namespace vlsm::tokenizer
