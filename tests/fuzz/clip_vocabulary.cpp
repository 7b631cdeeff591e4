// SPDX-License-Identifier: MIT
#include <string>

#include "fuzz/fuzz.hpp"
#include "fuzz/naive_bpe.hpp"
#include "vlsm/tokenizer/bpe/vocabulary_files.hpp"

// The files of a CLIP vocabulary. No short input holds the 512 byte pieces that one must have, so
// two of the ways add what is missing.
namespace {

using namespace vlsm;
using namespace vlsm::tokenizer;
using fuzz::NaiveBpe;

/// Each byte alone and at the end of a word, and the special tokens.
std::vector<std::string> const& needed() {
  static std::vector<std::string> const pieces = [] {
    std::vector<std::string> made;
    for (std::string const& byte : ByteAlphabet::get().spelled) made.push_back(byte);
    for (std::string const& byte : ByteAlphabet::get().spelled) made.push_back(byte + "</w>");
    made.push_back("<|startoftext|>");
    made.push_back("<|endoftext|>");
    return made;
  }();
  return pieces;
}

void check_ids(Vocabulary const& vocabulary, std::string_view word, NaiveBpe const* naive) {
  std::vector<std::int64_t> ids, plainly;
  vocabulary.bpe.encode(word, ids);
  for (std::int64_t id : ids)
    fuzz::require(id >= 0 && id < vocabulary.size, "an id is in the vocabulary");
  if (naive == nullptr) return;
  naive->encode(word, plainly);
  fuzz::require(ids == plainly, "the ids are those of the plain way");
}

/// A vocab.json with the needed pieces added, and a merges.txt.
void completed_pair(std::string_view json, std::string_view merges, std::string_view word) {
  PieceIds ids = parse_vocab_json(json, "vocab.json");
  for (std::string const& piece : needed())
    ids.try_emplace(piece, static_cast<std::int32_t>(ids.size()));
  std::vector<SpelledMerge> const pairs = parse_merges(merges, "merges.txt");
  Vocabulary const vocabulary = build_vocabulary(ids, pairs, "merges.txt");
  fuzz::NaiveBpe const naive(ids, pairs);
  check_ids(vocabulary, word, &naive);
}

/// A tokenizer.json, of which the input says what is other than usual.
void completed_json(std::string_view patch, std::string_view word) {
  static nlohmann::json const usual = nlohmann::json::parse(
      R"({"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []},)"
      R"("added_tokens": []})");
  nlohmann::json tree = usual;
  tree.merge_patch(parse_json(patch, "file", fetch_json));
  nlohmann::json::json_pointer const place("/model/vocab");
  if (tree.contains(place) && tree.at(place).is_object())
    for (std::string const& piece : needed()) tree.at(place).emplace(piece, tree.at(place).size());
  check_ids(vocabulary_from_tokenizer_json(tree, "file"), word, nullptr);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Input input(data, size);
  unsigned const way = input.byte() % 5;
  fuzz::only_errors([&] {
    std::string_view const word = input.until('\0');
    if (way == 0) check_ids(vocabulary_from_bytes(input.rest(), "file"), word, nullptr);
    if (way == 1) check_ids(vocabulary_from_openai(input.rest(), "file"), word, nullptr);
    if (way == 2) completed_json(input.rest(), word);
    if (way < 3) return;
    std::string_view const json = input.until('\0');
    if (way == 3) return completed_pair(json, input.rest(), word);
    check_ids(vocabulary_from_pair(json, input.rest(), "vocab.json", "merges.txt"), word, nullptr);
  });
  return 0;
}
