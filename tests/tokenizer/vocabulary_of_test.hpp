// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/bpe/vocabulary_files.hpp"
#include "vlsm/tokenizer/factory.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary_files.hpp"

namespace vlsm::test {

/// OpenAI's list of merges, unpacked, or nothing where the file is not at hand.
inline std::optional<std::string> openai_list() {
  auto const path = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  if (!path) return std::nullopt;
  return io::gunzip(read_file(*path), tokenizer::largest_vocabulary_file);
}

/// CLIP's pieces with their ids, as its vocab.json has them.
inline nlohmann::json clip_vocab(std::string_view list) {
  nlohmann::json vocab = nlohmann::json::object();
  auto const add = [&](std::string const& piece) { vocab[piece] = vocab.size(); };
  auto const& bytes = tokenizer::ByteAlphabet::get().spelled;
  for (std::string const& byte : bytes) add(byte);
  for (std::string const& byte : bytes) add(byte + "</w>");
  for (auto [left, right] : tokenizer::parse_merges(list, "list", tokenizer::openai_merges))
    add(std::string(left).append(right));
  add("<|startoftext|>");
  add("<|endoftext|>");
  return vocab;
}

/// CLIP's merges.txt.
inline std::string clip_merges(std::string_view list) {
  std::string text = "#version: 0.2\n";
  for (auto [left, right] : tokenizer::parse_merges(list, "list", tokenizer::openai_merges))
    text.append(left).append(" ").append(right).append("\n");
  return text;
}

inline bool has(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace vlsm::test
