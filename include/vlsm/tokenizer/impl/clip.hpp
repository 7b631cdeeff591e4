// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <utility>

#include "vlsm/base/compiled.hpp"
#include "vlsm/tokenizer/bpe/pretokenize.hpp"
#include "vlsm/tokenizer/bpe/vocabulary.hpp"
#include "vlsm/tokenizer/bpe/vocabulary_files.hpp"
#include "vlsm/tokenizer/clip.hpp"
#include "vlsm/tokenizer/ftfy/ftfy.hpp"
#include "vlsm/tokenizer/ftfy/html.hpp"
#include "vlsm/tokenizer/unicode/lowercase.hpp"
#include "vlsm/tokenizer/unicode/normalize.hpp"

namespace vlsm::tokenizer {

namespace detail {

/// The way from a text to ids, without the frame of start and end token.
struct ClipScanner {
  Vocabulary const& vocabulary;
  ClipFlavor flavor;

  /// The ids of a text, at least the first `length`.
  Ids ids_of(TextView points, std::size_t length) const {
    Ids body;
    if (flavor == ClipFlavor::openai || flavor == ClipFlavor::openclip) {
      Text const plain = unescape_python(unescape_python(fix_text(points)));
      scan(lower_python(trimmed(collapse_spaces(plain))), body, length);
    } else {
      segments(points, body, length);
    }
    return body;
  }

 private:
  static TextView trimmed(TextView text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
  }
  std::int64_t special(std::size_t which) const {
    return which == 0 ? vocabulary.start : vocabulary.end;
  }

  /// transformers takes the special tokens out of the raw text first; each part between is its own
  /// text.
  void segments(TextView text, Ids& ids, std::size_t length) const {
    while (!text.empty() && ids.size() < length) {
      std::size_t const at = std::min(text.find(bar_specials[0]), text.find(bar_specials[1]));
      segment(text.substr(0, at), ids, length);
      if (at == TextView::npos) return;
      std::size_t const which = text.substr(at).starts_with(bar_specials[0]) ? 0 : 1;
      ids.push_back(special(which));
      text.remove_prefix(at + bar_specials[which].size());
    }
  }
  void segment(TextView text, Ids& ids, std::size_t length) const {
    if (flavor == ClipFlavor::clip) {
      scan(lower_rust(collapse_spaces(normalize_as_crate(text))), ids, length);
    } else {
      scan(lower_python(trimmed(collapse_spaces(fix_text(text)))), ids, length);
    }
  }

  /// Splits a clean text into words and encodes them, until there are `length` ids.
  void scan(TextView text, Ids& ids, std::size_t length) const {
    bool const python = flavor != ClipFlavor::clip;
    ScanRules const rules{flavor == ClipFlavor::openclip ? plain_specials : bar_specials, python};
    for (std::size_t at = 0; at < text.size() && ids.size() < length;) {
      Piece const piece = next_piece(text, at, rules);
      TextView const word = text.substr(at, piece.length);
      at += piece.length;
      if (piece.kind == PieceKind::word ||
          (piece.kind == PieceKind::special && python && !piece.exact)) {
        vocabulary.bpe.encode(encode_utf8(word), ids);
      } else if (piece.kind == PieceKind::special && python) {
        ids.push_back(special(piece.special));
      } else if (piece.kind == PieceKind::special) {
        // Written in capitals, so not taken out of the raw text: the byte-level step behind CLIP's
        // pattern splits it once more, into its letters and the signs around them.
        TextView const parts[] = {word.substr(0, 2), word.substr(2, word.size() - 4),
                                  word.substr(word.size() - 2)};
        for (TextView part : parts) vocabulary.bpe.encode(encode_utf8(part), ids);
      }
    }
  }
};

}  // namespace detail

VLSM_INLINE ClipTokenizer::ClipTokenizer(Vocabulary vocabulary, ClipFlavor flavor)
    : vocabulary_(std::make_shared<Vocabulary const>(std::move(vocabulary))), flavor_(flavor) {}

VLSM_INLINE ClipTokenizer ClipTokenizer::open(std::filesystem::path const& path,
                                              ClipFlavor flavor) {
  return {load_vocabulary(path), flavor};
}

VLSM_INLINE Ids ClipTokenizer::encode(std::string_view text, std::size_t length) const {
  check_length(length);
  bool const repairs = flavor_ != ClipFlavor::clip;
  Text const points = decode(text, repairs ? Surrogates::accept : Surrogates::refuse);
  return framed(start(), detail::ClipScanner{*vocabulary_, flavor_}.ids_of(points, length), end(),
                length);
}

VLSM_INLINE std::int64_t ClipTokenizer::vocabulary_size() const { return vocabulary_->size; }
VLSM_INLINE std::int64_t ClipTokenizer::start() const { return vocabulary_->start; }
VLSM_INLINE std::int64_t ClipTokenizer::end() const { return vocabulary_->end; }

}  // namespace vlsm::tokenizer
