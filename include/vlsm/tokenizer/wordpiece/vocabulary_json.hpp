// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/vocabulary/file.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary.hpp"

// The JSON files of a BERT tokenizer: tokenizer.json (Hugging Face tokenizers, model WordPiece) and
// the switches of tokenizer_config.json.
namespace vlsm::tokenizer {

/// Reads the parts of one tokenizer.json. What the file asks for and this library does not do is a
/// vlsm::Error, never passed over.
class TokenizerJsonReader {
 public:
  TokenizerJsonReader(nlohmann::json const& tree, std::string where)
      : tree_(tree), where_(std::move(where)) {}

  BertVocabulary read() const {
    nlohmann::json const& model = json_member(tree_, "model");
    require_type(model, "model", "WordPiece");
    require_type(json_member(tree_, "pre_tokenizer"), "pre_tokenizer", "BertPreTokenizer");
    nlohmann::json const& vocab = json_member(model, "vocab");
    if (!vocab.is_object()) fail("model.vocab is not a table of pieces and ids");
    PieceIds pieces;
    pieces.reserve(vocab.size());
    for (auto const& [piece, id] : vocab.items()) pieces.emplace(piece, json_id(id, piece, where_));

    std::int64_t size = size_of(pieces);
    SpecialTokens const specials = added_tokens(pieces, size);
    auto const [start, end] = frame();
    size = std::max({size, start + 1, end + 1});
    auto const pad = pieces.find(std::string_view("[PAD]"));
    std::int64_t const pad_id = pad == pieces.end() ? 0 : pad->second;
    std::int32_t const unknown = required_id(pieces, text_of(model, "unk_token"), where_);
    return {.pieces = WordPieces(std::move(pieces), text_of(model, "continuing_subword_prefix"),
                                 unknown, count_of(model, "max_input_chars_per_word")),
            .specials = specials,
            .treatment = treatment(),
            .size = size,
            .start = start,
            .end = end,
            .pad = pad_id};
  }

 private:
  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what, where_, "give the tokenizer.json of a BERT tokenizer, or its vocab.txt");
  }
  /// A part must be an object whose "type" says `type`.
  void require_type(nlohmann::json const& part, std::string const& name,
                    std::string const& type) const {
    nlohmann::json const& said = json_member(part, "type");
    if (said == type) return;
    fail(name + (said.is_string() ? " is " + in_quotes(said.get<std::string>()) : " has no type") +
         ", only " + type + " is supported");
  }
  std::string const& text_of(nlohmann::json const& object, char const* name) const {
    nlohmann::json const& value = json_member(object, name);
    if (!value.is_string()) fail(std::string(name) + " is missing or not a string");
    return value.get_ref<std::string const&>();
  }
  std::size_t count_of(nlohmann::json const& object, char const* name) const {
    nlohmann::json const& value = json_member(object, name);
    if (!value.is_number_unsigned())
      fail(std::string(name) + " is missing or not a whole number from 0 on");
    return value.get<std::size_t>();
  }
  bool flag_of(nlohmann::json const& object, char const* name) const {
    nlohmann::json const& value = json_member(object, name);
    if (!value.is_boolean()) fail(std::string(name) + " is missing or not true or false");
    return value.get<bool>();
  }

  BertTreatment treatment() const {
    nlohmann::json const& normalizer = json_member(tree_, "normalizer");
    require_type(normalizer, "normalizer", "BertNormalizer");
    BertTreatment made{.clean_text = flag_of(normalizer, "clean_text"),
                       .spaces_ideographs = flag_of(normalizer, "handle_chinese_chars"),
                       .strip_accents = {},
                       .lowercase = flag_of(normalizer, "lowercase")};
    if (!json_member(normalizer, "strip_accents").is_null())
      made.strip_accents = flag_of(normalizer, "strip_accents");
    return made;
  }

  /// The tokens that count in a raw text; `size` grows where one has an id beyond the pieces.
  SpecialTokens added_tokens(PieceIds const& pieces, std::int64_t& size) const {
    SpecialTokens specials;
    nlohmann::json const& added = json_member(tree_, "added_tokens");
    if (!added.is_array()) fail("added_tokens is missing or not a list");
    for (nlohmann::json const& token : added) {
      std::string const& content = text_of(token, "content");
      std::int32_t const id = json_id(json_member(token, "id"), content, where_);
      if (auto const known = pieces.find(content); known != pieces.end() && known->second != id)
        fail("the added token " + in_quotes(content) + " has another id in model.vocab");
      for (char const* flag : {"single_word", "lstrip", "rstrip", "normalized"})
        if (flag_of(token, flag))
          fail("the added token " + in_quotes(content) + " is " + flag +
               ", which is not supported");
      specials.add(content, id);
      size = std::max<std::int64_t>(size, id + 1);
    }
    return specials;
  }

  /// The ids before and behind a text.
  std::pair<std::int64_t, std::int64_t> frame() const {
    nlohmann::json const& processor = json_member(tree_, "post_processor");
    if (json_member(processor, "type") == "BertProcessing")
      return {paired_id(processor, "cls"), paired_id(processor, "sep")};
    require_type(processor, "post_processor", "TemplateProcessing");
    nlohmann::json const& single = json_member(processor, "single");
    if (!single.is_array() || single.size() != 3 ||
        json_member(json_member(single[1], "Sequence"), "id") != "A")
      fail("post_processor.single is not a special token, the text, a special token");
    return {template_id(processor, single[0]), template_id(processor, single[2])};
  }
  /// The id in ["[CLS]", 101].
  std::int64_t paired_id(nlohmann::json const& processor, char const* name) const {
    nlohmann::json const& pair = json_member(processor, name);
    if (!pair.is_array() || pair.size() != 2)
      fail("post_processor." + std::string(name) + " is not a token with its id");
    return json_id(pair[1], name, where_);
  }
  /// The one id of a template's special token.
  std::int64_t template_id(nlohmann::json const& processor, nlohmann::json const& place) const {
    std::string const& name = text_of(json_member(place, "SpecialToken"), "id");
    nlohmann::json const& token =
        json_member(json_member(processor, "special_tokens"), name.c_str());
    nlohmann::json const& ids = json_member(token, "ids");
    if (!ids.is_array() || ids.size() != 1)
      fail("post_processor.special_tokens does not have one id for " + in_quotes(name));
    return json_id(ids[0], name, where_);
  }

  nlohmann::json const& tree_;
  std::string where_;
};

/// A vocabulary from the tree of a tokenizer.json. Its limits on length and its padding are not
/// read: the caller gives a length.
inline BertVocabulary bert_vocabulary_from_tokenizer_json(nlohmann::json const& tree,
                                                          std::string const& where) {
  return TokenizerJsonReader(tree, where).read();
}

/// The switches of a tokenizer_config.json, put over those in `treatment`.
///
/// @throws vlsm::Error for a switch that is neither true nor false, for special tokens other than
/// BERT's, and for do_basic_tokenize false or never_split, which are not supported
inline BertTreatment configured(BertTreatment treatment, nlohmann::json const& config,
                                std::string const& where) {
  auto const fail = [&](std::string const& what) {
    throw Error(what, where, "give the folder of an unchanged BERT tokenizer, or vocab.txt itself");
  };
  if (!config.is_object()) fail("this is not a table of settings");
  auto const flag = [&](char const* name, auto& into) {
    nlohmann::json const& value = json_member(config, name);
    if (value.is_null()) return;
    if (!value.is_boolean()) fail(std::string(name) + " is not true or false");
    into = value.get<bool>();
  };
  bool basic = true;
  flag("do_lower_case", treatment.lowercase);
  flag("strip_accents", treatment.strip_accents);
  flag("tokenize_chinese_chars", treatment.spaces_ideographs);
  flag("do_basic_tokenize", basic);
  if (!basic) fail("do_basic_tokenize false is not supported");
  if (nlohmann::json const& never = json_member(config, "never_split");
      !never.is_null() && !never.empty())
    fail("never_split is not supported");

  auto const content = [](nlohmann::json const& token) -> nlohmann::json const& {
    return token.is_object() ? json_member(token, "content") : token;
  };
  constexpr std::array<char const*, 5> roles{"unk_token", "cls_token", "sep_token", "pad_token",
                                             "mask_token"};
  for (std::size_t i = 0; i < roles.size(); ++i) {
    nlohmann::json const& token = content(json_member(config, roles[i]));
    if (!token.is_null() && token != bert_specials[i])
      fail(std::string(roles[i]) + " is not " + std::string(bert_specials[i]) +
           ", which is not supported");
  }
  for (char const* name : {"added_tokens_decoder", "additional_special_tokens"})
    for (nlohmann::json const& token : json_member(config, name))
      if (std::find(bert_specials.begin(), bert_specials.end(), content(token)) ==
          bert_specials.end())
        fail(std::string(name) +
             " has a token that is not one of BERT's five, which needs a "
             "tokenizer.json");
  return treatment;
}

}  // namespace vlsm::tokenizer
