// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/tokenizer/ftfy.hpp"
#include "vlsm/tokenizer/html.hpp"
#include "vlsm/tokenizer/lowercase.hpp"
#include "vlsm/tokenizer/normalize.hpp"
#include "vlsm/tokenizer/pretokenize.hpp"
#include "vlsm/tokenizer/tokenizer.hpp"
#include "vlsm/tokenizer/vocabulary.hpp"
#include "vlsm/tokenizer/vocabulary_files.hpp"

namespace vlsm::tokenizer {

/// Whose treatment of a prompt to follow. All share vocabulary and merges; they differ in what
/// happens to the text before.
enum class ClipFlavour {
  clip,  ///< transformers 5 (and 4's fast tokenizer): NFC, lower case; special tokens in the text
         ///< count
  clip_ftfy,  ///< transformers 4's slow tokenizer with ftfy, which medvlsm ran: ftfy, lower case as
              ///< Python
  openai,     ///< openai/CLIP: ftfy, HTML entities twice, lower case
  openclip,   ///< open_clip 3: the same with special tokens <start_of_text> and <end_of_text>
};

/// CLIP's byte-level byte pair encoding.
class ClipTokenizer {
 public:
  ClipTokenizer(Vocabulary vocabulary, ClipFlavour flavour)
      : vocabulary_(std::make_shared<Vocabulary const>(std::move(vocabulary))), flavour_(flavour) {}

  /// Opens a vocabulary (see load_vocabulary); vlsm::Error if there is none.
  static ClipTokenizer open(std::filesystem::path const& path,
                            ClipFlavour flavour = ClipFlavour::clip) {
    return {load_vocabulary(path), flavour};
  }

  /// The ids of a prompt: start token, text, end token, at most `length` with the end token kept.
  ///
  /// @param text  UTF-8; the flavours with ftfy also take surrogates in three bytes (CESU-8), which
  /// ftfy
  ///              repairs
  /// @throws vlsm::Error if the text is not UTF-8 (with the byte offset) or `length` is below 2
  Ids encode(std::string_view text, std::size_t length = clip_length) const {
    check_length(length);
    bool const repairs = flavour_ != ClipFlavour::clip;
    Text const points = decode(text, repairs ? Surrogates::accept : Surrogates::refuse);
    Ids body;
    if (flavour_ == ClipFlavour::openai || flavour_ == ClipFlavour::openclip) {
      Text const plain = unescape_python(unescape_python(fix_text(points)));
      scan(lower_python(trimmed(collapse_spaces(plain))), body, length);
    } else {
      segments(points, body, length);
    }
    return framed(start(), body, end(), length);
  }

  std::int64_t vocabulary_size() const { return vocabulary_->size; }
  std::int64_t start() const { return vocabulary_->start; }
  std::int64_t end() const { return vocabulary_->end; }
  ClipFlavour flavour() const { return flavour_; }

 private:
  static TextView trimmed(TextView text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
  }
  std::int64_t special(std::size_t which) const { return which == 0 ? start() : end(); }

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
    if (flavour_ == ClipFlavour::clip) {
      scan(lower_rust(collapse_spaces(normalize(text))), ids, length);
    } else {
      scan(lower_python(trimmed(collapse_spaces(fix_text(text)))), ids, length);
    }
  }

  /// Splits a clean text into words and encodes them, until there are `length` ids.
  void scan(TextView text, Ids& ids, std::size_t length) const {
    bool const python = flavour_ != ClipFlavour::clip;
    ScanRules const rules{flavour_ == ClipFlavour::openclip ? plain_specials : bar_specials,
                          python};
    for (std::size_t at = 0; at < text.size() && ids.size() < length;) {
      Piece const piece = next_piece(text, at, rules);
      TextView const word = text.substr(at, piece.length);
      at += piece.length;
      if (piece.kind == PieceKind::word ||
          (piece.kind == PieceKind::special && python && !piece.exact)) {
        vocabulary_->bpe.encode(encode_utf8(word), ids);
      } else if (piece.kind == PieceKind::special && python) {
        ids.push_back(special(piece.special));
      } else if (piece.kind == PieceKind::special) {
        // Written in capitals, so not taken out of the raw text: the byte-level step behind CLIP's
        // pattern splits it once more, into its letters and the signs around them.
        TextView const parts[] = {word.substr(0, 2), word.substr(2, word.size() - 4),
                                  word.substr(word.size() - 2)};
        for (TextView part : parts) vocabulary_->bpe.encode(encode_utf8(part), ids);
      }
    }
  }

  std::shared_ptr<Vocabulary const> vocabulary_;
  ClipFlavour flavour_;
};

static_assert(Tokenizer<ClipTokenizer>);

}  // namespace vlsm::tokenizer
