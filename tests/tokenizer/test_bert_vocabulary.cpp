// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary_of_test.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"

using namespace vlsm::tokenizer;
using vlsm::test::error_of;
using vlsm::test::has;
using vlsm::test::TempDir;
using vlsm::test::write_file;
using Json = nlohmann::json;

namespace {

std::string const small = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nab\n##b\n";
std::string const prompt = "ab abb x [MASK] [SEP]";
Ids const expected{2, 6, 6, 7, 1, 4, 3, 3};

/// The error of opening `bytes` as a file of that name; always one line.
std::string refusal(std::string const& name, std::string const& bytes) {
  TempDir folder;
  write_file(folder / name, bytes);
  std::string const said = error_of([&] { load_bert_vocabulary(folder / name); });
  CHECK(said.find('\n') == std::string::npos);
  return said;
}

std::string without(std::string_view line) {
  std::string text = small;
  std::string const whole = std::string(line) + "\n";
  return text.erase(text.find(whole), whole.size());
}

/// A tokenizer.json with the pieces of `small`, as transformers writes it.
Json tokenizer_json() {
  Json vocab = Json::object(), added = Json::array();
  for (std::string_view rest = small; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    vocab[std::string(rest.substr(0, rest.find('\n')))] = vocab.size();
  for (std::string_view token : bert_specials)
    added.push_back({{"id", vocab[std::string(token)]},
                     {"content", token},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  auto const special = [](char const* name) {
    return Json{{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  };
  auto const with_id = [](char const* name, int id) {
    return Json{{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
  };
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", true},
            {"handle_chinese_chars", true},
            {"strip_accents", nullptr},
            {"lowercase", true}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor",
           {{"type", "TemplateProcessing"},
            {"single",
             {special("[CLS]"), {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}, special("[SEP]")}},
            {"special_tokens", {{"[CLS]", with_id("[CLS]", 2)}, {"[SEP]", with_id("[SEP]", 3)}}}}},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", "[UNK]"},
            {"continuing_subword_prefix", "##"},
            {"max_input_chars_per_word", 100},
            {"vocab", vocab}}}};
}

/// What is said of a tokenizer.json in which `where` holds `value`.
std::string refused(char const* where, Json const& value) {
  Json tree = tokenizer_json();
  tree[Json::json_pointer(where)] = value;
  return refusal("tokenizer.json", tree.dump());
}
/// The same for a vocab.txt with this tokenizer_config.json beside it.
std::string refused_config(std::string const& config) {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  write_file(folder / "tokenizer_config.json", config);
  return error_of([&] { load_bert_vocabulary(folder.path()); });
}

Ids encoded(Json const& tree, std::string const& text) {
  TempDir folder;
  write_file(folder / "tokenizer.json", tree.dump());
  return WordPieceTokenizer::open(folder.path()).encode(text);
}

}  // namespace

TEST_CASE("vocab.txt is read with any line ends, and an empty line takes an id") {
  TempDir folder;
  std::string crlf;
  for (char c : small) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (std::string const& text : {small, small.substr(0, small.size() - 1), crlf, small + "\n\n"}) {
    write_file(folder / "vocab.txt", text);
    for (auto const& path : {folder.path(), folder / "vocab.txt"}) {
      WordPieceTokenizer const tokenizer = WordPieceTokenizer::open(path);
      CHECK(tokenizer.vocabulary_size() == 8);
      CHECK(tokenizer.encode(prompt) == expected);
    }
  }
  write_file(folder / "vocab.txt", "\n" + small);
  CHECK(WordPieceTokenizer::open(folder.path()).encode("ab") == Ids{3, 7, 4});
}

TEST_CASE("hostile vocab.txt files are refused with a reason") {
  CHECK(refusal("vocab.txt", small).empty());
  for (char const* token : {"[UNK]", "[CLS]", "[SEP]"})
    CHECK(has(refusal("vocab.txt", without(token)), token));
  CHECK(refusal("vocab.txt", without("[MASK]")).empty());
  CHECK(refusal("vocab.txt", without("[PAD]")).empty());
  CHECK(has(refusal("vocab.txt", small + "x\nab\n"), "line 10 has the piece \"ab\""));
  CHECK(has(refusal("vocab.txt", ""), "empty"));
  CHECK(has(refusal("vocab.txt", "\n\n\n"), "[UNK]"));
  CHECK(has(refusal("vocab.txt", small + "caf\xe9\n"), "line 9 is not UTF-8"));
  CHECK(has(refusal("vocab.txt", small + "x\ry\n"), "line 9 holds a carriage return"));
  CHECK(refusal("vocab.txt", "\xef\xbb\xbf" + small).empty());  // the mark hides [PAD] alone
  CHECK(has(refusal("vocab.txt", std::string(1000, '\0')), "[UNK]"));
  CHECK(has(refusal("vocab.txt", std::string(1'000'000, 'x')), "[UNK]"));
}

TEST_CASE("a path without a BERT vocabulary is an error that says what was looked for") {
  TempDir folder;
  for (char const* name : {"vocab.txt", "tokenizer.json"})
    CHECK(has(error_of([&] { load_bert_vocabulary(folder.path()); }), name));
  CHECK(has(error_of([&] { load_bert_vocabulary(folder / "none"); }), "no such file"));
  CHECK(has(error_of([&] { load_bert_vocabulary("/dev/null"); }), "not a file"));
  std::filesystem::create_directory(folder / "vocab.txt");  // a folder of that name is none
  CHECK(has(error_of([&] { load_bert_vocabulary(folder.path()); }), "no BERT vocabulary"));
  write_file(folder / "large.txt", "");
  std::filesystem::resize_file(folder / "large.txt", 100'000'000);
  CHECK(has(error_of([&] { load_bert_vocabulary(folder / "large.txt"); }), "100000000 bytes"));
}

TEST_CASE("tokenizer.json makes the same tokenizer as vocab.txt") {
  CHECK(encoded(tokenizer_json(), prompt) == expected);
  Json tree = tokenizer_json();
  tree["post_processor"] = {
      {"type", "BertProcessing"}, {"cls", {"[CLS]", 2}}, {"sep", {"[SEP]", 3}}};
  CHECK(encoded(tree, prompt) == expected);
}

TEST_CASE("what tokenizer.json says is done") {
  Json tree = tokenizer_json();
  tree["model"]["max_input_chars_per_word"] = 2;
  CHECK(encoded(tree, "ab abb") == Ids{2, 6, 1, 3});
  tree["model"]["max_input_chars_per_word"] = 18446744073709551615u;
  CHECK(encoded(tree, "a" + std::string(100'000, 'b')).size() == 256);
  tree = tokenizer_json();
  tree["model"]["continuing_subword_prefix"] = "";
  CHECK(encoded(tree, "aab") == Ids{2, 5, 6, 3});
  tree = tokenizer_json();
  tree["model"]["unk_token"] = "[MASK]";
  CHECK(encoded(tree, "x") == Ids{2, 4, 3});
  tree = tokenizer_json();
  tree["normalizer"]["lowercase"] = false;
  CHECK(encoded(tree, "AB ab á") == Ids{2, 1, 6, 1, 3});
  tree["normalizer"]["strip_accents"] = true;
  CHECK(encoded(tree, "AB ab á") == Ids{2, 1, 6, 5, 3});
  // An added token beyond the pieces; of two at one place the longest counts.
  tree = tokenizer_json();
  for (char const* content : {"polyp", "polyps"}) {
    Json token = tree["added_tokens"][0];
    token["content"] = content;
    token["id"] = 20 + std::string_view(content).size();
    tree["added_tokens"].push_back(token);
  }
  CHECK(encoded(tree, "a polypsab polyp") == Ids{2, 5, 26, 6, 25, 3});
  // Ids may leave gaps, as in the tokenizers crate.
  tree = tokenizer_json();
  tree["model"]["vocab"]["ab"] = 70'000;
  TempDir folder;
  write_file(folder / "any name", tree.dump());
  WordPieceTokenizer const tokenizer = WordPieceTokenizer::open(folder / "any name");
  CHECK(tokenizer.vocabulary_size() == 70'001);
  CHECK(tokenizer.encode("ab") == Ids{2, 70'000, 3});
}

TEST_CASE("hostile tokenizer.json files are refused with a reason") {
  CHECK(has(refused("/model/type", "BPE"), "model is \"BPE\", only WordPiece"));
  CHECK(has(refused("/model", 1), "model has no type"));
  CHECK(has(refused("/model/vocab", Json::array()), "model.vocab"));
  CHECK(has(refused("/model/vocab/ab", -1), "id -1 of \"ab\""));
  CHECK(has(refused("/model/vocab/ab", 3'000'000'000), "id 3000000000"));
  CHECK(has(refused("/model/vocab/ab", 18446744073709551615u), "\"ab\""));
  for (Json const& id : {Json(1.5), Json("0"), Json(nullptr), Json(true), Json::array({0})})
    CHECK(has(refused("/model/vocab/ab", id), "\"ab\" is not a whole number"));
  CHECK(has(refused("/model/unk_token", "<unk>"), "\"<unk>\" is not in the vocabulary"));
  CHECK(has(refused("/model/unk_token", nullptr), "unk_token"));
  CHECK(has(refused("/model/continuing_subword_prefix", 2), "continuing_subword_prefix"));
  CHECK(has(refused("/model/max_input_chars_per_word", -1), "max_input_chars_per_word"));
  CHECK(has(refused("/normalizer", nullptr), "normalizer has no type"));
  CHECK(has(refused("/normalizer/type", "Sequence"), "only BertNormalizer"));
  CHECK(has(refused("/normalizer/lowercase", "yes"), "lowercase"));
  CHECK(has(refused("/normalizer/strip_accents", 1), "strip_accents"));
  CHECK(has(refused("/pre_tokenizer/type", "Whitespace"), "only BertPreTokenizer"));
  CHECK(has(refused("/post_processor", nullptr), "post_processor has no type"));
  CHECK(has(refused("/post_processor/type", "RobertaProcessing"), "only TemplateProcessing"));
  CHECK(has(refused("/post_processor/single", Json::array()), "post_processor.single"));
  CHECK(has(refused("/post_processor/single/1", Json::object()), "post_processor.single"));
  CHECK(has(refused("/post_processor/single/0", Json::object()), "id is missing"));
  CHECK(has(refused("/post_processor/special_tokens/[CLS]/ids", Json::array({2, 3})), "one id"));
  CHECK(has(refused("/post_processor/special_tokens", Json::object()), "one id"));
  CHECK(has(refused("/post_processor", {{"type", "BertProcessing"}, {"cls", 2}}), "cls"));
  CHECK(has(refused("/added_tokens", 3), "added_tokens"));
  CHECK(has(refused("/added_tokens/0", 3), "content"));
  CHECK(has(refused("/added_tokens/0/id", 7), "another id"));
  CHECK(has(refused("/added_tokens/0/id", 18446744073709551615u), "not between"));
  for (char const* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
    std::string const place = std::string("/added_tokens/0/") + flag;
    CHECK(has(refused(place.c_str(), true), std::string(flag) + ", which is not supported"));
    CHECK(has(refused(place.c_str(), 1), flag));
  }
  CHECK(has(refusal("tokenizer.json", "{\"model\": {"), "not valid JSON"));
  CHECK(has(refusal("tokenizer.json", "[PAD]\n"), "not valid JSON"));
  CHECK(has(refusal("tokenizer.json", "[]"), "model has no type"));
  CHECK(has(refusal("tokenizer.json", std::string(100'000, '[')), "nested too deeply"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  CHECK(
      has(refusal("tokenizer.json", deep + "1" + std::string(100'000, '}')), "nested too deeply"));
}

TEST_CASE("tokenizer_config.json says how vocab.txt is meant") {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  auto const ids = [&](char const* config, char const* text) {
    write_file(folder / "tokenizer_config.json", config);
    return WordPieceTokenizer::open(folder.path()).encode(text);
  };
  CHECK(ids("{}", "AB á") == Ids{2, 6, 5, 3});
  CHECK(ids(R"({"do_lower_case": false})", "AB á") == Ids{2, 1, 1, 3});
  CHECK(ids(R"({"strip_accents": false})", "AB á") == Ids{2, 6, 1, 3});
  CHECK(ids(R"({"do_lower_case": false, "strip_accents": true})", "AB á") == Ids{2, 1, 5, 3});
  CHECK(ids(R"({"unk_token": "[UNK]", "cls_token": {"content": "[CLS]"}, "strip_accents": null,
                "never_split": null, "added_tokens_decoder": {"0": {"content": "[PAD]"}},
                "additional_special_tokens": [], "model_max_length": 512})",
            "AB á") == Ids{2, 6, 5, 3});

  CHECK(has(refused_config(R"({"do_lower_case": 1})"), "do_lower_case"));
  CHECK(has(refused_config(R"({"do_basic_tokenize": false})"), "do_basic_tokenize"));
  CHECK(has(refused_config(R"({"never_split": ["a"]})"), "never_split"));
  CHECK(has(refused_config(R"({"sep_token": "</s>"})"), "sep_token"));
  CHECK(has(refused_config(R"({"additional_special_tokens": ["<x>"]})"), "additional_special"));
  CHECK(has(refused_config(R"({"added_tokens_decoder": {"9": {"content": "<x>"}}})"), "added_tok"));
  CHECK(has(refused_config("[]"), "not a table"));
  CHECK(has(refused_config("{"), "not valid JSON"));

  write_file(folder / "tokenizer.json", tokenizer_json().dump());
  CHECK(ids(R"({"do_lower_case": true})", "AB á") == Ids{2, 6, 5, 3});
  CHECK(has(error_of([&] { ids(R"({"do_lower_case": false})", "AB"); }), "disagree"));
}
