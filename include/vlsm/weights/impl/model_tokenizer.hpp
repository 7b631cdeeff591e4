// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <system_error>
#include <utility>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/tokenizer/byte.hpp"
#include "vlsm/tokenizer/factory.hpp"
#include "vlsm/weights/model_tokenizer.hpp"

namespace vlsm::io {

namespace detail {

template <class Tokenizer>
Encode encode_at_most(Tokenizer const& tokenizer, std::size_t length, bool each,
                      std::function<void(std::string const&)> told) {
  return [tokenizer, length, each, told = std::move(told),
          said = std::make_shared<std::atomic<bool>>(false)](std::string const& text) {
    auto ids = tokenizer.encode(text, length);
    constexpr std::size_t endless = 1 << 20, shown = 80;
    if (told && (each || !*said) && ids.size() >= length &&
        tokenizer.encode(text, endless).size() > length && (!said->exchange(true) || each))
      told("prompts of more than " + std::to_string(length) +
           " tokens are cut to that, the first is \"" +
           std::string(vlsm::strings::start_of(text, shown)) +
           (text.size() > shown ? "…\"" : "\""));
    return ids;
  };
}

}  // namespace detail

VLSM_INLINE Encode open_encode(RegisteredModel const& model, VocabularyFrom const& from,
                               std::function<void(std::string const&)> told) {
  auto const length = static_cast<std::size_t>(model.recipe.tokens);
  tokenizer::ByteTokenizer const bytes;
  bool const reads_bytes = model.vocabulary == bytes.vocabulary_size();
  if (reads_bytes && !(from.tokenizer.empty() && from.vocabulary.empty()))
    throw Error("the prompts of this model are bytes, which need no tokenizer and no vocabulary",
                "--model " + std::string(model.name), "leave --tokenizer and --vocab out");
  if (model.vocabulary == 0) return [](std::string const&) { return std::vector<std::int64_t>(); };
  if (reads_bytes) return detail::encode_at_most(bytes, length, from.tell_each, std::move(told));
  std::string const name = from.tokenizer.empty() ? std::string(model.tokenizer) : from.tokenizer;
  std::filesystem::path path = from.vocabulary;
  if (path.empty()) {
    std::error_code ignored;
    if (std::filesystem::is_directory(from.weights, ignored))
      path = from.weights;
    else if (from.weights != "random")
      path = std::filesystem::path(from.weights).parent_path();
    if (path.empty()) path = ".";
    if (!tokenizer::has_vocabulary(path, name))
      throw Error("the prompts of this model need a vocabulary",
                  "--model " + std::string(model.name),
                  "give --vocab: a folder with " + std::string(tokenizer::vocabulary_forms(name)) +
                      ", or one of these files");
  }
  auto const opened = tokenizer::open_tokenizer(path, name);
  if (opened.vocabulary_size() > model.vocabulary)
    throw Error("the vocabulary has " + std::to_string(opened.vocabulary_size()) +
                    " ids, the model knows " + std::to_string(model.vocabulary),
                path.string(), "give the vocabulary of this model");
  return detail::encode_at_most(opened, length, from.tell_each, std::move(told));
}

}  // namespace vlsm::io
