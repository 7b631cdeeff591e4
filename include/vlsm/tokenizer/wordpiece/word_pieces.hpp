// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/tokenizer/unicode/unicode.hpp"
#include "vlsm/tokenizer/vocabulary/pieces.hpp"
#include "vlsm/tokenizer/vocabulary/special_tokens.hpp"

namespace vlsm::tokenizer {

/// WordPiece: a word becomes the longest piece that it begins with, then the longest that goes on,
/// and so to its end; a word with a remainder that no piece begins is unknown as a whole.
class WordPieces {
 public:
  /// @param pieces           every piece with its id, as the file spells it
  /// @param prefix           what marks a piece that goes on inside a word ("##")
  /// @param unknown          the id of a word that cannot be put together
  /// @param most_characters  longer words are unknown without a look
  WordPieces(PieceIds pieces, std::string_view prefix, std::int32_t unknown,
             std::size_t most_characters)
      : first_(std::move(pieces)),
        prefix_(prefix),
        unknown_(unknown),
        most_characters_(most_characters) {
    for (auto const& [piece, id] : first_) {
      longest_ = std::max(longest_, piece.size());
      if (piece.starts_with(prefix)) further_.emplace(piece.substr(prefix.size()), id);
    }
  }

  /// Appends the ids of one word, which must not be empty. Takes at most n * longest piece steps
  /// for n bytes.
  void encode(TextView word, Ids& ids) const {
    std::size_t const before = ids.size();
    if (word.size() <= most_characters_ && append(encode_utf8(word), ids)) return;
    ids.resize(before);
    ids.push_back(unknown_);
  }

  /// The piece with this id, prefix included, or nothing where there is none; of several the first
  /// in the alphabet. Looks at all pieces: for answers, which are a few ids.
  std::string_view piece(std::int64_t id) const {
    std::string_view found;
    for (auto const& [piece, its] : first_)
      if (its == id && (found.empty() || piece < found)) found = piece;
    return found;
  }
  /// What marks a piece that goes on inside a word.
  std::string_view prefix() const { return prefix_; }

 private:
  /// Whether pieces cover the word; some may be appended if they do not.
  bool append(std::string_view word, Ids& ids) const {
    for (std::size_t at = 0; at < word.size();) {
      PieceIds const& table = at == 0 ? first_ : further_;
      std::size_t length = std::min(longest_, word.size() - at);
      auto const piece = [&] {
        return starts_character(word, at + length) ? table.find(word.substr(at, length))
                                                   : table.end();
      };
      auto found = piece();
      while (found == table.end() && --length > 0) found = piece();
      if (found == table.end()) return false;
      ids.push_back(found->second);
      at += length;
    }
    return true;
  }
  static bool starts_character(std::string_view word, std::size_t at) {
    return at == word.size() || (static_cast<unsigned char>(word[at]) & 0xc0) != 0x80;
  }

  PieceIds first_, further_;
  std::string prefix_;
  std::size_t longest_ = 1;  // bytes; not 0, even if the only piece is the empty one
  std::int32_t unknown_;
  std::size_t most_characters_;
};

}  // namespace vlsm::tokenizer
