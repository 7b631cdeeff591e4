// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "vlsm/tokenizer/tokenizer.hpp"
#include "vlsm/tokenizer/wordpiece/text.hpp"

namespace vlsm::tokenizer {

struct BertVocabulary;

/// The prompt length of PubMedBERT in BiomedCLIP.
inline constexpr std::size_t bert_length = 256;

/// BERT's WordPiece tokenizer (PubMedBERT, BiomedCLIP).
class WordPieceTokenizer {
 public:
  WordPieceTokenizer(BertVocabulary vocabulary, BertFlavor flavor);

  /// Opens a vocabulary (see load_bert_vocabulary); vlsm::Error if there is none.
  static WordPieceTokenizer open(std::filesystem::path const& path,
                                 BertFlavor flavor = BertFlavor::bert);

  /// The ids of a prompt: [CLS], text, [SEP], at most `length` with [SEP] kept. Special tokens in
  /// the text count.
  ///
  /// @param text  UTF-8
  /// @throws vlsm::Error if the text is not UTF-8 (with the byte offset) or `length` is below 2
  Ids encode(std::string_view text, std::size_t length = bert_length) const;

  /// The text of ids: pieces that go on are joined to what stands before them, words have spaces
  /// between, a dot, comma, question or exclamation mark has none before it. Special tokens and ids
  /// that the vocabulary does not hold leave nothing. Accents and case are lost already.
  std::string decode(Ids const& ids) const;

  std::int64_t vocabulary_size() const;
  std::int64_t start() const;
  std::int64_t end() const;
  /// What fills a row up: [PAD], which is 0 in BERT's vocabularies.
  std::int64_t padding() const;
  BertFlavor flavor() const { return flavor_; }

 private:
  std::shared_ptr<BertVocabulary const> vocabulary_;
  BertFlavor flavor_;
};

static_assert(Tokenizer<WordPieceTokenizer>);

}  // namespace vlsm::tokenizer

#ifndef VLSM_COMPILED
#include "vlsm/tokenizer/impl/wordpiece.hpp"
#endif
