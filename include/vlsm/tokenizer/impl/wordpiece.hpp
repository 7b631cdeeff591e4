// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/compiled.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"
#include "vlsm/tokenizer/wordpiece/text.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary_files.hpp"

namespace vlsm::tokenizer {

namespace detail {

/// Encodes a text without special tokens, until there are `length` ids.
inline void encode_words(BertVocabulary const& vocabulary, BertFlavor flavor, TextView text,
                         Ids& ids, std::size_t length) {
  each_bert_word(
      text, vocabulary.treatment, flavor,
      [&](TextView part) { return vocabulary.specials.has(part); },
      [&](TextView word) {
        vocabulary.pieces.encode(word, ids);
        return ids.size() < length;
      });
}

}  // namespace detail

VLSM_INLINE WordPieceTokenizer::WordPieceTokenizer(BertVocabulary vocabulary, BertFlavor flavor)
    : vocabulary_(std::make_shared<BertVocabulary const>(std::move(vocabulary))), flavor_(flavor) {}

VLSM_INLINE WordPieceTokenizer WordPieceTokenizer::open(std::filesystem::path const& path,
                                                        BertFlavor flavor) {
  return {load_bert_vocabulary(path), flavor};
}

VLSM_INLINE Ids WordPieceTokenizer::encode(std::string_view text, std::size_t length) const {
  check_length(length);
  Text const points = tokenizer::decode(text);
  Ids body;
  for (TextView rest = points; !rest.empty() && body.size() < length;) {
    SpecialTokens::Found const found = vocabulary_->specials.next(rest);
    detail::encode_words(*vocabulary_, flavor_, rest.substr(0, found.at), body, length);
    if (found.length > 0) body.push_back(found.id);
    rest.remove_prefix(found.at + found.length);
  }
  return framed(start(), body, end(), length);
}

VLSM_INLINE std::string WordPieceTokenizer::decode(Ids const& ids) const {
  std::string text;
  for (std::int64_t id : ids) {
    std::string_view piece = vocabulary_->pieces.piece(id);
    if (piece.empty() || vocabulary_->specials.has(tokenizer::decode(piece))) continue;
    std::string_view const prefix = vocabulary_->pieces.prefix();
    bool const goes_on = piece.size() > prefix.size() && piece.starts_with(prefix);
    if (goes_on) piece.remove_prefix(prefix.size());
    bool const mark = piece == "." || piece == "," || piece == "?" || piece == "!";
    if (!text.empty() && !goes_on && !mark) text += ' ';
    text += piece;
  }
  return text;
}

VLSM_INLINE std::int64_t WordPieceTokenizer::vocabulary_size() const { return vocabulary_->size; }
VLSM_INLINE std::int64_t WordPieceTokenizer::start() const { return vocabulary_->start; }
VLSM_INLINE std::int64_t WordPieceTokenizer::end() const { return vocabulary_->end; }
VLSM_INLINE std::int64_t WordPieceTokenizer::padding() const { return vocabulary_->pad; }

}  // namespace vlsm::tokenizer
