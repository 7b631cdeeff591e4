// SPDX-License-Identifier: MIT
#include <string>

#include "fuzz/fuzz.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"
#include "vlsm/tokenizer/wordpiece/vocabulary_files.hpp"

// The files of a BERT tokenizer.
namespace {

using namespace vlsm;
using namespace vlsm::tokenizer;

void check_ids(BertVocabulary vocabulary, unsigned flavor, std::string_view prompt) {
  WordPieceTokenizer const tokenizer(std::move(vocabulary),
                                     flavor % 2 ? BertFlavor::bert : BertFlavor::bert_slow);
  for (std::int64_t id : tokenizer.encode(prompt, 16))
    fuzz::require(id >= 0 && id < tokenizer.vocabulary_size(), "an id is in the vocabulary");
}

/// A sound tokenizer.json, of which the input says what is to be otherwise.
nlohmann::json changed(std::string_view patch) {
  static nlohmann::json const usual = nlohmann::json::parse(R"({
    "added_tokens": [{"id": 1, "content": "[CLS]", "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false, "special": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A"}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
      "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1]}, "[SEP]": {"ids": [2]}}},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 100,
      "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##b": 4, "ab": 5}}})");
  nlohmann::json tree = usual;
  tree.merge_patch(parse_json(patch, "file", fetch_json));
  return tree;
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Input input(data, size);
  unsigned const way = input.byte() % 5, flavor = input.byte();
  fuzz::only_errors([&] {
    if (way == 0) return (void)configured({}, parse_json(input.rest(), "file", fetch_json), "file");
    std::string_view const prompt = input.until('\0');
    std::string text(input.rest());
    if (way == 1)
      return check_ids(
          bert_vocabulary_from_tokenizer_json(parse_json(text, "file", fetch_json), "file"), flavor,
          prompt);
    if (way == 2)
      return check_ids(bert_vocabulary_from_tokenizer_json(changed(text), "file"), flavor, prompt);
    if (way == 3) text += "\n[UNK]\n[CLS]\n[SEP]\n";
    check_ids(vocabulary_from_vocab_txt(text, {}, "file"), flavor, prompt);
  });
  return 0;
}
