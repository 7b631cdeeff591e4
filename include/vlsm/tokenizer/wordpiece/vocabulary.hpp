// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/vocabulary/pieces.hpp"
#include "vlsm/tokenizer/vocabulary/special_tokens.hpp"
#include "vlsm/tokenizer/wordpiece/text.hpp"
#include "vlsm/tokenizer/wordpiece/word_pieces.hpp"

namespace vlsm::tokenizer {

/// What the files of a BERT tokenizer say, ready for use.
struct BertVocabulary {
  WordPieces pieces;
  SpecialTokens specials;
  BertTreatment treatment;
  std::int64_t size = 0;   ///< ids are below
  std::int64_t start = 0;  ///< [CLS]
  std::int64_t end = 0;    ///< [SEP]
  std::int64_t pad = 0;    ///< [PAD], or 0 where there is none
};

/// The special tokens of BERT. Of [PAD] and [MASK] a vocabulary may do without.
inline constexpr std::array<std::string_view, 5> bert_specials{"[UNK]", "[CLS]", "[SEP]", "[PAD]",
                                                               "[MASK]"};

/// The id of a special token. Throws vlsm::Error if the vocabulary lacks it.
inline std::int32_t required_id(PieceIds const& ids, std::string_view token,
                                std::string const& where) {
  auto const found = ids.find(token);
  if (found == ids.end())
    throw Error("the special token " + in_quotes(token) + " is not in the vocabulary", where,
                "the file is damaged or no BERT vocabulary; fetch it again");
  return found->second;
}

/// The number that all ids are below.
inline std::int64_t size_of(PieceIds const& ids) {
  std::int64_t size = 0;
  for (auto const& [piece, id] : ids) size = std::max<std::int64_t>(size, id + 1);
  return size;
}

/// The pieces of a vocab.txt: one a line, the first has id 0. An empty line takes an id and is no
/// piece. Throws vlsm::Error with the line if one is not UTF-8, holds a lone carriage return, or
/// comes twice.
inline PieceIds parse_vocab_txt(std::string_view text, std::string const& where) {
  constexpr char const* remedy = "the file is damaged or no BERT vocabulary; fetch it again";
  PieceIds ids;
  ids.reserve(text.size() / 8);
  for (std::int64_t number = 0; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    std::string const here = "line " + std::to_string(number + 1);
    if (!try_decode(line)) throw Error(here + " is not UTF-8", where, remedy);
    if (line.find('\r') != std::string_view::npos)
      throw Error(here + " holds a carriage return", where,
                  "write one piece a line, with \\n or \\r\\n between");
    if (!ids.try_emplace(std::string(line), checked_id(number, line, where)).second)
      throw Error(here + " has the piece " + in_quotes(line) + ", which an earlier line has", where,
                  remedy);
  }
  return ids;
}

/// A vocabulary from the text of a vocab.txt and BERT's own special tokens.
inline BertVocabulary vocabulary_from_vocab_txt(std::string_view text, BertTreatment treatment,
                                                std::string const& where) {
  PieceIds ids = parse_vocab_txt(text, where);
  std::int32_t const unknown = required_id(ids, "[UNK]", where);
  std::int64_t const start = required_id(ids, "[CLS]", where),
                     end = required_id(ids, "[SEP]", where), size = size_of(ids);
  auto const pad = ids.find(std::string_view("[PAD]"));
  std::int64_t const pad_id = pad == ids.end() ? 0 : pad->second;
  SpecialTokens specials;
  for (std::string_view token : bert_specials)
    if (auto const found = ids.find(token); found != ids.end()) specials.add(token, found->second);
  return {.pieces = WordPieces(std::move(ids), "##", unknown, 100),
          .specials = std::move(specials),
          .treatment = treatment,
          .size = size,
          .start = start,
          .end = end,
          .pad = pad_id};
}

}  // namespace vlsm::tokenizer
