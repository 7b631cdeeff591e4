// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/bpe/vocabulary_files.hpp"
#include "vlsm/tokenizer/clip.hpp"
#include "vlsm/tokenizer/tokenizer.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary_files.hpp"

namespace vlsm::tokenizer {

/// The kinds of vocabulary; each kind of file is read by some tokenizers.
enum class VocabularyKind { clip, bert };

/// A tokenizer by name, for command lines and configurations.
struct NamedTokenizer {
  std::string_view name;
  VocabularyKind kind;
  AnyTokenizer (*open)(std::filesystem::path const&);
};

namespace detail {

template <ClipFlavor flavor>
AnyTokenizer open_clip_tokenizer(std::filesystem::path const& path) {
  return ClipTokenizer::open(path, flavor);
}
template <BertFlavor flavor>
AnyTokenizer open_bert_tokenizer(std::filesystem::path const& path) {
  return WordPieceTokenizer::open(path, flavor);
}

}  // namespace detail

/// The names that open_tokenizer knows. A tokenizer of another kind becomes one more line here.
inline constexpr std::array<NamedTokenizer, 6> named_tokenizers{{
    {"clip", VocabularyKind::clip, detail::open_clip_tokenizer<ClipFlavor::clip>},
    {"clip-ftfy", VocabularyKind::clip, detail::open_clip_tokenizer<ClipFlavor::clip_ftfy>},
    {"openai", VocabularyKind::clip, detail::open_clip_tokenizer<ClipFlavor::openai>},
    {"openclip", VocabularyKind::clip, detail::open_clip_tokenizer<ClipFlavor::openclip>},
    {"bert", VocabularyKind::bert, detail::open_bert_tokenizer<BertFlavor::bert>},
    {"bert-slow", VocabularyKind::bert, detail::open_bert_tokenizer<BertFlavor::bert_slow>},
}};

/// The tokenizer of that name. Throws vlsm::Error that lists the names if there is none.
inline NamedTokenizer const& find_tokenizer(std::string_view name) {
  std::string names;
  for (NamedTokenizer const& known : named_tokenizers) {
    if (known.name == name) return known;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  throw Error("there is no tokenizer with this name", std::string(name), "choose one of " + names);
}

/// Whether a folder holds a vocabulary for the tokenizer of that name, in any form that it reads.
inline bool has_vocabulary(std::filesystem::path const& folder, std::string_view name) {
  return find_tokenizer(name).kind == VocabularyKind::clip
             ? find_clip_vocabulary(folder).has_value()
             : find_bert_vocabulary(folder).has_value();
}

/// The forms of a vocabulary that the tokenizer of that name reads, for messages.
inline std::string_view vocabulary_forms(std::string_view name) {
  return find_tokenizer(name).kind == VocabularyKind::clip ? clip_vocabulary_forms
                                                           : bert_vocabulary_forms;
}

/// Opens the vocabulary at `path` with the tokenizer of that name.
///
/// @throws vlsm::Error that lists the names if there is no such one, or says what is wrong with the
/// files
inline AnyTokenizer open_tokenizer(std::filesystem::path const& path, std::string_view name) {
  return find_tokenizer(name).open(path);
}

}  // namespace vlsm::tokenizer
