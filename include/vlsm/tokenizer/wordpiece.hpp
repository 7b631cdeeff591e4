// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "vlsm/tokenizer/bert_text.hpp"
#include "vlsm/tokenizer/bert_vocabulary.hpp"
#include "vlsm/tokenizer/bert_vocabulary_files.hpp"
#include "vlsm/tokenizer/tokenizer.hpp"

namespace vlsm::tokenizer {

/// The prompt length of PubMedBERT in BiomedCLIP.
inline constexpr std::size_t bert_length = 256;

/// BERT's WordPiece tokenizer (PubMedBERT, BiomedCLIP).
class WordPieceTokenizer {
 public:
  WordPieceTokenizer(BertVocabulary vocabulary, BertFlavour flavour)
      : vocabulary_(std::make_shared<BertVocabulary const>(std::move(vocabulary))),
        flavour_(flavour) {}

  /// Opens a vocabulary (see load_bert_vocabulary); vlsm::Error if there is none.
  static WordPieceTokenizer open(std::filesystem::path const& path,
                                 BertFlavour flavour = BertFlavour::bert) {
    return {load_bert_vocabulary(path), flavour};
  }

  /// The ids of a prompt: [CLS], text, [SEP], at most `length` with [SEP] kept. Special tokens in
  /// the text count.
  ///
  /// @param text  UTF-8
  /// @throws vlsm::Error if the text is not UTF-8 (with the byte offset) or `length` is below 2
  Ids encode(std::string_view text, std::size_t length = bert_length) const {
    check_length(length);
    Text const points = decode(text);
    Ids body;
    for (TextView rest = points; !rest.empty() && body.size() < length;) {
      SpecialTokens::Found const found = vocabulary_->specials.next(rest);
      words(rest.substr(0, found.at), body, length);
      if (found.length > 0) body.push_back(found.id);
      rest.remove_prefix(found.at + found.length);
    }
    return framed(start(), body, end(), length);
  }

  std::int64_t vocabulary_size() const { return vocabulary_->size; }
  std::int64_t start() const { return vocabulary_->start; }
  std::int64_t end() const { return vocabulary_->end; }
  /// What fills a row up: [PAD], which is 0 in BERT's vocabularies.
  std::int64_t padding() const { return vocabulary_->pad; }
  BertFlavour flavour() const { return flavour_; }

 private:
  /// Encodes a text without special tokens, until there are `length` ids.
  void words(TextView text, Ids& ids, std::size_t length) const {
    SpecialTokens const& specials = vocabulary_->specials;
    each_bert_word(
        text, vocabulary_->treatment, flavour_, [&](TextView part) { return specials.has(part); },
        [&](TextView word) {
          vocabulary_->pieces.encode(word, ids);
          return ids.size() < length;
        });
  }

  std::shared_ptr<BertVocabulary const> vocabulary_;
  BertFlavour flavour_;
};

static_assert(Tokenizer<WordPieceTokenizer>);

}  // namespace vlsm::tokenizer
