// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/bpe/vocabulary.hpp"
#include "vlsm/tokenizer/vocabulary/file.hpp"

// The three spellings of a CLIP vocabulary: vocab.json with merges.txt, tokenizer.json, and
// OpenAI's list of merges. Everything here reads text in memory; vocabulary_files.hpp finds the
// files.
namespace vlsm::tokenizer {

/// What openai/CLIP cuts its list to ("49152 - 256 - 2"); the file has five times as many merges.
inline constexpr std::size_t openai_merges = 48894;

/// Reads {"piece": id, ...} straight into a table, as nlohmann's parser reports it: no tree of a
/// megabyte.
class FlatVocabularyReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  FlatVocabularyReader(PieceIds& ids, std::string where) : ids_(ids), where_(std::move(where)) {}

  bool start_object(std::size_t) override { return ++depth_ == 1 || refuse("an object"); }
  bool end_object() override { return --depth_ == 0; }
  bool key(std::string& name) override {
    piece_ = name;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto most = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return number_integer(static_cast<std::int64_t>(value < most ? value : most));
  }
  /// An id. Throws Error for a piece that occurs twice, and for ids out of range.
  bool number_integer(number_integer_t value) override {
    if (depth_ != 1) return refuse("a number");
    if (!ids_.try_emplace(piece_, checked_id(value, piece_, where_)).second)
      throw Error("the piece " + in_quotes(piece_) + " occurs twice", where_,
                  "the file is damaged; fetch it again");
    return true;
  }
  bool number_float(number_float_t, string_t const&) override { return refuse("a fraction"); }
  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a truth value"); }
  bool string(std::string&) override { return refuse("a string"); }
  bool binary(nlohmann::json::binary_t&) override { return refuse("binary data"); }
  bool start_array(std::size_t) override { return refuse("a list"); }
  bool end_array() override { return true; }
  /// Throws Error: the text is not valid JSON.
  bool parse_error(std::size_t position, std::string const&,
                   nlohmann::json::exception const&) override {
    throw Error("this is not valid JSON (at byte " + std::to_string(position) + ")", where_,
                fetch_json);
  }

 private:
  bool refuse(std::string const& what) const {
    throw Error("vocab.json must map pieces to whole numbers, but holds " + what, where_,
                "give the vocab.json of a CLIP tokenizer");
  }
  PieceIds& ids_;
  std::string where_, piece_;
  int depth_ = 0;
};

/// The pieces of a vocab.json. Throws vlsm::Error if it is anything but {"piece": id, ...}.
inline PieceIds parse_vocab_json(std::string_view json, std::string const& where) {
  PieceIds ids;
  ids.reserve(json.size() / 16);
  FlatVocabularyReader reader(ids, where);
  nlohmann::json::sax_parse(json, &reader);
  return ids;
}

/// The merges of a text with one pair a line, after an optional line with "#version". The views
/// point into `text`. Throws vlsm::Error that names a line which is not a pair.
inline std::vector<SpelledMerge> parse_merges(
    std::string_view text, std::string const& where,
    std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::vector<SpelledMerge> merges;
  std::size_t number = 0;
  while (!text.empty() && merges.size() < most) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (number == 1 && line.find("#version") != std::string_view::npos)) continue;
    std::size_t const space = line.find(' ');
    bool const pair = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                      line.find(' ', space + 1) == std::string_view::npos;
    if (!pair)
      throw Error("line " + std::to_string(number) + " is not two pieces with a space between them",
                  where, "the file is damaged or no list of merges; fetch it again");
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

/// A vocabulary from the texts of vocab.json and merges.txt.
inline Vocabulary vocabulary_from_pair(std::string_view vocab_json, std::string_view merges,
                                       std::string const& vocab_where,
                                       std::string const& merges_where) {
  return build_vocabulary(parse_vocab_json(vocab_json, vocab_where),
                          parse_merges(merges, merges_where), merges_where);
}

/// A vocabulary from OpenAI's list of merges (unpacked): the ids are the 256 bytes, the 256 bytes
/// at the end of a word, the merges in order, the two special tokens. Throws Error for a damaged
/// list.
inline Vocabulary vocabulary_from_openai(std::string_view text, std::string const& where) {
  std::vector<SpelledMerge> const merges = parse_merges(text, where, openai_merges);
  PieceIds ids;
  ids.reserve(merges.size() + 514);
  auto const add = [&](std::string piece) {
    auto const id = static_cast<std::int32_t>(ids.size());
    if (auto const [at, fresh] = ids.try_emplace(std::move(piece), id); !fresh)
      throw Error("the piece " + in_quotes(at->first) + " is made twice", where,
                  "the file is damaged; fetch it again");
  };
  for (std::string const& byte : ByteAlphabet::get().spelled) add(byte);
  for (std::string const& byte : ByteAlphabet::get().spelled) add(byte + std::string(end_of_word));
  for (auto const& [left, right] : merges) add(std::string(left).append(right));
  add("<|startoftext|>");
  add("<|endoftext|>");
  return build_vocabulary(ids, merges, where);
}

/// A vocabulary from the tree of a tokenizer.json (HuggingFace tokenizers, model BPE). Only the
/// model and the added tokens are read: what happens to a text before is the flavor's, not the
/// file's. Throws Error for another model, and for ids or merges that contradict each other.
inline Vocabulary vocabulary_from_tokenizer_json(nlohmann::json const& tree,
                                                 std::string const& where) {
  std::string const remedy = "give the tokenizer.json of a CLIP tokenizer";
  nlohmann::json const& model = json_member(tree, "model");
  nlohmann::json const& vocab = json_member(model, "vocab");
  nlohmann::json const& pairs = json_member(model, "merges");
  nlohmann::json const& type = json_member(model, "type");
  if (!vocab.is_object() || !pairs.is_array() || (type.is_string() && type != "BPE"))
    throw Error("tokenizer.json has no byte pair encoding (model.vocab and model.merges)", where,
                remedy);
  if (json_member(model, "end_of_word_suffix") != end_of_word)
    throw Error("the pieces of tokenizer.json do not end words with </w>", where, remedy);

  PieceIds ids;
  ids.reserve(vocab.size() + 16);
  auto const add = [&](std::string const& piece, nlohmann::json const& id) {
    std::int32_t const number = json_id(id, piece, where);
    if (auto const [at, fresh] = ids.try_emplace(piece, number); !fresh && at->second != number)
      throw Error("the piece " + in_quotes(piece) + " has two ids", where, remedy);
  };
  for (auto const& [piece, id] : vocab.items()) add(piece, id);
  if (nlohmann::json const& added = json_member(tree, "added_tokens"); added.is_array()) {
    for (nlohmann::json const& token : added)
      if (nlohmann::json const& content = json_member(token, "content"); content.is_string())
        add(content.get_ref<std::string const&>(), json_member(token, "id"));
  }

  std::vector<SpelledMerge> merges;
  merges.reserve(pairs.size());
  for (nlohmann::json const& pair : pairs) {
    bool const two =
        pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
    if (two) {
      merges.emplace_back(pair[0].get_ref<std::string const&>(),
                          pair[1].get_ref<std::string const&>());
      continue;
    }
    std::string_view const line =
        pair.is_string() ? std::string_view(pair.get_ref<std::string const&>()) : "";
    std::size_t const space = line.find(' ');
    if (space == std::string_view::npos)
      throw Error(
          "merge number " + std::to_string(merges.size() + 1) + " of tokenizer.json is not a pair",
          where, remedy);
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return build_vocabulary(ids, merges, where);
}

}  // namespace vlsm::tokenizer
