// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/tokenizer/tokenizer.hpp"

// A tokenizer to copy.
namespace mine {

// [tokenizer]
/// Words between spaces, numbered as in a list; whatever is not in the list has one number.
class WordTokenizer {
 public:
  explicit WordTokenizer(std::vector<std::string> words) : words_(std::move(words)) {}

  vlsm::tokenizer::Ids encode(std::string_view text, std::size_t length = 32) const {
    vlsm::tokenizer::Ids body;
    while (!text.empty()) {
      std::size_t const stop = std::min(text.find(' '), text.size());
      if (stop > 0) body.push_back(id_of(text.substr(0, stop)));
      text.remove_prefix(std::min(stop + 1, text.size()));
    }
    return vlsm::tokenizer::framed(start(), body, end(), length);
  }
  std::int64_t vocabulary_size() const { return first + static_cast<std::int64_t>(words_.size()); }
  std::int64_t start() const { return 1; }
  std::int64_t end() const { return 2; }

 private:
  static constexpr std::int64_t unknown = 3, first = 4;  // 0 is padding

  std::int64_t id_of(std::string_view word) const {
    auto const found = std::ranges::find(words_, word);
    return found == words_.end() ? unknown : first + (found - words_.begin());
  }

  std::vector<std::string> words_;
};
static_assert(vlsm::tokenizer::Tokenizer<WordTokenizer>);
// [tokenizer]

}  // namespace mine
