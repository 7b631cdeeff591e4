// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/tokenizer/vocabulary/file.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary_json.hpp"

namespace vlsm::tokenizer {

/// A vocabulary from one file, which its content tells: JSON or a piece a line. A vocab.txt alone
/// is taken as uncased, as transformers does. Throws Error where the file cannot be read, is empty
/// or is damaged.
inline BertVocabulary load_bert_vocabulary_file(std::filesystem::path const& path,
                                                BertTreatment treatment = {}) {
  std::string const where = path.string(), text = read_vocabulary_file(path);
  if (text.empty())
    throw Error("the file is empty", where, "give vocab.txt or tokenizer.json of a BERT tokenizer");
  std::size_t const first = text.find_first_not_of(" \t\r\n");
  bool const json = first != std::string::npos && text[first] == '{';
  if (!json && path.extension() != ".json")
    return vocabulary_from_vocab_txt(text, treatment, where);
  return bert_vocabulary_from_tokenizer_json(parse_json(text, where, fetch_json), where);
}

/// What `find_bert_vocabulary` looks for, for messages.
inline constexpr std::string_view bert_vocabulary_forms = "tokenizer.json or vocab.txt";

/// The file of a BERT vocabulary in a folder, if there is one in any form that is read.
inline std::optional<std::filesystem::path> find_bert_vocabulary(
    std::filesystem::path const& folder) {
  std::error_code ignored;
  for (char const* name : {"tokenizer.json", "vocab.txt"})
    if (std::filesystem::is_regular_file(folder / name, ignored)) return folder / name;
  return std::nullopt;
}

/// A BERT vocabulary from whatever `path` is: a folder with tokenizer.json or vocab.txt, or one of
/// these files. A folder's tokenizer_config.json says how vocab.txt is meant (cased or not) and
/// must not contradict tokenizer.json.
///
/// @throws vlsm::Error in one line, which says what was looked for if nothing fits
inline BertVocabulary load_bert_vocabulary(std::filesystem::path const& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw Error("there is no such file or folder", path.string(),
                "give a BERT vocabulary: " + std::string(bert_vocabulary_forms));
  if (!std::filesystem::is_directory(path, ignored)) return load_bert_vocabulary_file(path);
  auto const with_config = [&](BertTreatment treatment) {
    std::filesystem::path const config = path / "tokenizer_config.json";
    if (!std::filesystem::is_regular_file(config, ignored)) return treatment;
    return configured(treatment,
                      parse_json(read_vocabulary_file(config), config.string(), fetch_json),
                      config.string());
  };
  auto const found = find_bert_vocabulary(path);
  if (!found) io::check_readable(path);
  if (!found)
    throw Error("the folder holds no BERT vocabulary", path.string(),
                "looked for " + std::string(bert_vocabulary_forms));
  if (found->filename() == "tokenizer.json") {
    BertVocabulary made = load_bert_vocabulary_file(*found);
    BertTreatment const said = with_config(made.treatment);
    if (said.lowercase != made.treatment.lowercase ||
        said.strips_accents() != made.treatment.strips_accents() ||
        said.spaces_ideographs != made.treatment.spaces_ideographs)
      throw Error(
          "tokenizer.json and tokenizer_config.json disagree on case, accents or ideographs",
          path.string(), "give the file that you mean: tokenizer.json or vocab.txt");
    return made;
  }
  return load_bert_vocabulary_file(*found, with_config({}));
}

}  // namespace vlsm::tokenizer
