// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/core/error.hpp"
#include "vlsm/tokenizer/clip.hpp"
#include "vlsm/tokenizer/tokenizer.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"

namespace vlsm::tokenizer {

/// A tokenizer by name, for command lines and configurations.
struct NamedTokenizer {
  std::string_view name;
  AnyTokenizer (*open)(std::filesystem::path const&);
};

/// The names that open_tokenizer knows. A tokenizer of another kind becomes one more line here.
inline constexpr std::array<NamedTokenizer, 6> named_tokenizers{{
    {"clip",
     [](std::filesystem::path const& p) -> AnyTokenizer {
       return ClipTokenizer::open(p, ClipFlavour::clip);
     }},
    {"clip-ftfy",
     [](std::filesystem::path const& p) -> AnyTokenizer {
       return ClipTokenizer::open(p, ClipFlavour::clip_ftfy);
     }},
    {"openai",
     [](std::filesystem::path const& p) -> AnyTokenizer {
       return ClipTokenizer::open(p, ClipFlavour::openai);
     }},
    {"openclip",
     [](std::filesystem::path const& p) -> AnyTokenizer {
       return ClipTokenizer::open(p, ClipFlavour::openclip);
     }},
    {"bert",
     [](std::filesystem::path const& p) -> AnyTokenizer {
       return WordPieceTokenizer::open(p, BertFlavour::bert);
     }},
    {"bert-slow",
     [](std::filesystem::path const& p) -> AnyTokenizer {
       return WordPieceTokenizer::open(p, BertFlavour::bert_slow);
     }},
}};

/// Opens the vocabulary at `path` with the tokenizer of that name.
///
/// @throws vlsm::Error that lists the names if there is no such one, or says what is wrong with the
/// files
inline AnyTokenizer open_tokenizer(std::filesystem::path const& path, std::string_view name) {
  std::string names;
  for (NamedTokenizer const& known : named_tokenizers) {
    if (known.name == name) return known.open(path);
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  throw Error("there is no tokenizer with this name", std::string(name), "choose one of " + names);
}

}  // namespace vlsm::tokenizer
