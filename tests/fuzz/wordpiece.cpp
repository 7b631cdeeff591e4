// SPDX-License-Identifier: MIT
#include "vlsm/tokenizer/wordpiece.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "fuzz/fuzz.hpp"
#include "support/fixtures.hpp"

// BERT's tokenizers on any prompt, against a second way of computing the ids.
namespace {

using namespace vlsm;
using namespace vlsm::tokenizer;

std::string const& list() {
  static std::string const text = test::read_file(VLSM_TEST_DATA "/tokenizers/bert_vocab.txt");
  return text;
}

/// BERT's pieces by line.
std::unordered_map<std::string, std::int64_t> const& pieces() {
  static auto const table = [] {
    std::unordered_map<std::string, std::int64_t> made;
    std::int64_t number = 0;
    for (std::size_t at = 0; at < list().size(); ++number) {
      std::size_t const end = std::min(list().find('\n', at), list().size());
      made.emplace(list().substr(at, end - at), number);
      at = end + 1;
    }
    return made;
  }();
  return table;
}

/// The ids of one word: the longest piece that it begins with, and so on.
void plain_word(Text const& word, Ids& ids) {
  Ids made;
  std::size_t at = 0;
  while (at < word.size()) {
    std::size_t end = word.size();
    auto found = pieces().end();
    for (; end > at && found == pieces().end(); --end)
      found = pieces().find((at > 0 ? "##" : "") + encode_utf8(Text(word, at, end - at)));
    if (found == pieces().end()) break;
    made.push_back(found->second);
    at = end + 1;
  }
  if (at < word.size() || word.size() > 100) made = {pieces().at("[UNK]")};
  ids.insert(ids.end(), made.begin(), made.end());
}

/// The ids of a prompt in ASCII without special tokens; nothing for others.
std::optional<Ids> plain_ids(std::string_view prompt) {
  Ids ids;
  Text word;
  auto const finish = [&] {
    if (!word.empty()) plain_word(word, ids);
    word.clear();
  };
  for (char c : prompt) {
    if (static_cast<unsigned char>(c) >= 0x80 || c == '[') return std::nullopt;
    bool const space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (space) finish();
    if (c <= ' ' || c == 0x7f) continue;
    bool const capital = c >= 'A' && c <= 'Z';
    bool const letter = capital || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter) finish();
    word += static_cast<char32_t>(capital ? c + 32 : c);
    if (!letter) finish();
  }
  finish();
  return ids;
}

/// The ids of any prompt without special tokens, split into words by the library.
Ids word_ids(std::string_view prompt, BertFlavor flavor) {
  Ids ids;
  each_bert_word(
      decode(prompt), {}, flavor, [](TextView) { return false; },
      [&](TextView word) {
        plain_word(Text(word), ids);
        return true;
      });
  return ids;
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static WordPieceTokenizer const tokenizers[] = {
      {vocabulary_from_vocab_txt(list(), {}, "list"), BertFlavor::bert},
      {vocabulary_from_vocab_txt(list(), {}, "list"), BertFlavor::bert_slow}};
  fuzz::Input input(data, size);
  unsigned const which = input.byte() % 2;
  std::size_t const shorter = 2 + input.byte() % 80;
  WordPieceTokenizer const& tokenizer = tokenizers[which];
  std::string_view const prompt = input.rest();
  fuzz::only_errors([&] {
    Ids const ids = tokenizer.encode(prompt, prompt.size() * 64 + 64);
    for (std::int64_t id : ids)
      fuzz::require(id >= 0 && id < tokenizer.vocabulary_size(), "an id is in the vocabulary");
    Ids const cut = tokenizer.encode(prompt, shorter), body(ids.begin() + 1, ids.end() - 1);
    fuzz::require(cut.size() == std::min(shorter, ids.size()), "a row is cut to its length");
    fuzz::require(std::equal(cut.begin(), cut.end() - 1, ids.begin()) && cut.back() == ids.back(),
                  "a row that is cut begins as the whole");
    if (auto const plainly = plain_ids(prompt))
      fuzz::require(body == *plainly, "the ids are those of the plain way");
    if (prompt.find('[') == std::string_view::npos && which == 0)
      fuzz::require(body == word_ids(prompt, BertFlavor::bert),
                    "the ids of each word are those of the plain way");
  });
  return 0;
}
