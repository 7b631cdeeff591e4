// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "vlsm/tokenizer/tokenizer.hpp"

namespace vlsm::tokenizer {

struct Vocabulary;

/// Whose treatment of a prompt to follow. All share vocabulary and merges; they differ in what
/// happens to the text before.
enum class ClipFlavor {
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
  ClipTokenizer(Vocabulary vocabulary, ClipFlavor flavor);

  /// Opens a vocabulary (see load_vocabulary); vlsm::Error if there is none.
  static ClipTokenizer open(std::filesystem::path const& path,
                            ClipFlavor flavor = ClipFlavor::clip);

  /// The ids of a prompt: start token, text, end token, at most `length` with the end token kept.
  ///
  /// @param text  UTF-8; the flavors with ftfy also take surrogates in three bytes (CESU-8), which
  ///              it repairs
  /// @throws vlsm::Error if the text is not UTF-8 (with the byte offset) or `length` is below 2
  Ids encode(std::string_view text, std::size_t length = clip_length) const;

  std::int64_t vocabulary_size() const;
  std::int64_t start() const;
  std::int64_t end() const;
  ClipFlavor flavor() const { return flavor_; }

 private:
  std::shared_ptr<Vocabulary const> vocabulary_;
  ClipFlavor flavor_;
};

static_assert(Tokenizer<ClipTokenizer>);

}  // namespace vlsm::tokenizer

#ifndef VLSM_COMPILED
#include "vlsm/tokenizer/impl/clip.hpp"
#endif
