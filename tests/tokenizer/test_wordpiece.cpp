// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tokenizer/vocabulary_of_test.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"

using namespace vlsm::tokenizer;
using vlsm::test::error_of;
using vlsm::test::fixture;
using vlsm::test::has;
using vlsm::test::TempDir;
using vlsm::test::write_file;

namespace {

/// The words of a text, with bars between.
std::string words(std::string_view text, BertFlavor flavor, BertTreatment treatment = {}) {
  std::string out;
  each_bert_word(
      decode(text), treatment, flavor, [](TextView) { return false; },
      [&](TextView word) {
        out += (out.empty() ? "" : "|") + encode_utf8(word);
        return true;
      });
  return out;
}

/// A small vocab.txt; the ids are the places in this list.
std::string const small =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nab\n##b\n##bc\nabcd\n日\n##日\n[\n]\nmask\nS\n##e\n";

std::string repeat(std::string const& part, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

void compare_all(char const* name, char const* lines) {
  auto const vocabulary = fixture("tokenizers/bert_vocab.txt");
  auto const expected = fixture(std::string("tokenizers/") + lines);
  VLSM_NEEDS(vocabulary, "tokenizers/bert_vocab.txt");
  VLSM_NEEDS(expected, "tokenizers/bert_wordpiece*.jsonl");
  AnyTokenizer const tokenizer = open_tokenizer(*vocabulary, name);
  std::ifstream in(*expected);
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    auto const row = nlohmann::json::parse(line);
    INFO(line.substr(0, 200));
    CHECK(tokenizer.encode(row["text"].get<std::string>()) == row["ids"].get<Ids>());
  }
  CHECK(count == 221);
}

}  // namespace

TEST_CASE("bert makes the ids of transformers 5") { compare_all("bert", "bert_wordpiece.jsonl"); }
TEST_CASE("bert-slow makes the ids of transformers 4.44 in Python") {
  compare_all("bert-slow", "bert_wordpiece_hf4_slow.jsonl");
}

TEST_CASE("a real vocabulary has BERT's size and special tokens") {
  auto const vocabulary = fixture("tokenizers/bert_vocab.txt");
  VLSM_NEEDS(vocabulary, "tokenizers/bert_vocab.txt");
  WordPieceTokenizer const tokenizer = WordPieceTokenizer::open(*vocabulary);
  CHECK(tokenizer.vocabulary_size() == 30522);
  CHECK(tokenizer.start() == 101);
  CHECK(tokenizer.end() == 102);
  CHECK(tokenizer.padding() == 0);
  CHECK(tokenizer.flavor() == BertFlavor::bert);
}

// What follows was read off tokenizers 0.23 and transformers 4.44 (Python 3.11).
TEST_CASE("both flavors treat a text alike") {
  for (BertFlavor flavor : {BertFlavor::bert, BertFlavor::bert_slow}) {
    auto const is = [&](std::string_view text, std::string_view expected) {
      CHECK(words(text, flavor) == expected);
    };
    is("Tiny  polyp, 3.5mm! (left)", "tiny|polyp|,|3|.|5mm|!|(|left|)");
    is("$a+b^c`d~e", "$|a|+|b|^|c|`|d|~|e");
    is("naïve ÀÉÎ ŁØ", "naive|aei|łø");
    is("İstanbul ΑΣ Σ Straße ẞ", "istanbul|ασ|σ|straße|ß");
    is({"a\0b\ufffdc\x01"
        "d\x7f"
        "e\u0085f\u00adg\u200bh\ufeffi",
        25},
       "abcdefghi");
    is("a\tb\nc\rd\x0b"
       "e\u00a0f\u2028g\u3000h\u1680i",
       "a|b|c|de|f|g|h|i");
    is("日本の胃カメラ", "日|本|の|胃|カメラ");
    is("\uf900x\u4dbfy\u4dc0z", "豈|x|䶿|y䷀z");
    is("e\u0301 \u1e69\u0323 각", "e|s|\u1100\u1161\u11a8");
    is("a\u037eb\u0387c\u1fefd", "a|;|b|·|c|`|d");
    is("«a» “b” a—b…", "«|a|»|“|b|”|a|—|b|…");
    is("a\u302e\u1baab", "a\u1baa\u302eb");  // marks that stay come in order
    is("##ing [unused1] [sep]", "#|#|ing|[|unused1|]|[|sep|]");
    is("", "");
    is(" \n ", "");
  }
}

TEST_CASE("the flavors differ as their references do") {
  struct Difference {
    char const *text, *crate, *python;
  };
  for (auto const& [text, crate, python] : std::vector<Difference>{
           {"a\U0002b820b", "a\U0002b820b", "a|\U0002b820|b"},  // an ideograph to Python only
           {"a\u0378b", "a\u0378b", "ab"},                      // unassigned
           // Newer than the crate's tables: punctuation, a mark, a format character.
           {"a\u2e43b", "a\u2e43b", "a|\u2e43|b"},
           {"a\u1df6b", "a\u1df6b", "ab"},
           {"a\u08e2b", "a\u08e2b", "ab"},
           {"\U00011938", "\U00011938", "\U00011935\U00011930"},
           {"a\u302e\u1df6\u1baab", "a\u302e\u1df6\u1baab", "a\u1baa\u302eb"},
           // In another category since.
           {"a\u166db", "a|\u166d|b", "a\u166db"},
           {"a\U000111c9b", "a|\U000111c9|b", "ab"},
           {"a\u1734b", "ab", "a\u1734b"}}) {
    CHECK(words(text, BertFlavor::bert) == crate);
    CHECK(words(text, BertFlavor::bert_slow) == python);
  }
}

TEST_CASE("the switches of a treatment do one thing each") {
  auto const with = [](BertTreatment const& treatment, char const* text) {
    return words(text, BertFlavor::bert, treatment);
  };
  CHECK(with({.lowercase = false}, "Éa 日b\x01") == "Éa|日|b");
  CHECK(with({.strip_accents = true, .lowercase = false}, "Éa") == "Ea");
  CHECK(with({.strip_accents = false}, "Éa İ") == "éa|i\u0307");
  CHECK(with({.spaces_ideographs = false}, "a日本b") == "a日本b");
  CHECK(with({.clean_text = false},
             "a\x01 \u00adb\x0b"
             "c") == "a\x01|\u00adb|c");
}

TEST_CASE("words become the longest pieces, or are unknown as a whole") {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  WordPieceTokenizer const tokenizer = WordPieceTokenizer::open(folder.path());
  auto const body = [&](std::string const& text) {
    Ids const ids = tokenizer.encode(text);
    return Ids(ids.begin() + 1, ids.end() - 1);
  };
  CHECK(body("abc") == Ids{1});          // ab, then nothing begins ##c
  CHECK(body("abbc") == Ids{6, 8});      // ab ##bc, not ab ##b ##c
  CHECK(body("abcdb") == Ids{9, 7});     // the longest first piece
  CHECK(body("abcdx ab") == Ids{1, 6});  // no piece of a word that fails
  CHECK(body("a日b") == Ids{5, 10, 1});  // an ideograph stands alone, so ##日 is never met
  CHECK(body("é") == Ids{1});
  CHECK(body("a" + repeat("b", 99)) == [] {
    Ids ids(99, 7);
    ids[0] = 6;
    return ids;
  }());
  CHECK(body("a" + repeat("b", 100)) == Ids{1});  // 101 characters
  CHECK(body("日" + repeat("é", 100)) == Ids{10, 1});
}

TEST_CASE("special tokens count in a raw text only") {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  BertVocabulary const uncased = load_bert_vocabulary(folder / "vocab.txt");
  write_file(folder / "tokenizer_config.json", R"({"do_lower_case": false})");
  BertVocabulary const cased = load_bert_vocabulary(folder.path());
  auto const ids = [](BertVocabulary const& vocabulary, BertFlavor flavor, std::string text) {
    return WordPieceTokenizer(vocabulary, flavor).encode(text);
  };
  std::string const joined("[M\0ASK] ab", 10);
  for (BertFlavor flavor : {BertFlavor::bert, BertFlavor::bert_slow}) {
    CHECK(ids(uncased, flavor, "a[SEP]ab [MASK][[UNK]") == Ids{2, 5, 3, 6, 4, 12, 1, 3});
    CHECK(ids(uncased, flavor, "[mask] [S\u0301EP] [unused]") ==
          Ids{2, 12, 14, 13, 12, 1, 13, 12, 1, 13, 3});
    CHECK(ids(uncased, flavor, joined) == Ids{2, 12, 14, 13, 6, 3});
  }
  // To Python's tokenizer a token that cleaning made is one too, unless it has been lowered.
  CHECK(ids(cased, BertFlavor::bert, joined) == Ids{2, 12, 1, 13, 6, 3});
  CHECK(ids(cased, BertFlavor::bert_slow, joined) == Ids{2, 4, 6, 3});
  CHECK(ids(cased, BertFlavor::bert, "Se [mask]") == Ids{2, 15, 16, 12, 14, 13, 3});
}

TEST_CASE("a BERT prompt is cut to its length with [SEP] kept") {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  AnyTokenizer const tokenizer = open_tokenizer(folder.path(), "bert");
  std::string const text = repeat("ab [MASK] ", 1'000);
  CHECK(tokenizer.encode(text).size() == 256);
  for (std::size_t length : {2u, 3u, 4u, 77u, 256u}) {
    Ids const ids = tokenizer.encode(text, length);
    CHECK(ids.size() == length);
    CHECK(ids.front() == 2);
    CHECK(ids.back() == 3);
  }
  CHECK(tokenizer.encode("ab abbc", 4) == Ids{2, 6, 6, 3});
  CHECK(tokenizer.encode("ab", 1'000) == Ids{2, 6, 3});
  CHECK(has(error_of([&] { tokenizer.encode("ab", 1); }), "no room"));
  CHECK(pad({tokenizer.encode("ab", 5)}, 5, 0) == std::vector<Ids>{{2, 6, 3, 0, 0}});
}

TEST_CASE("a BERT prompt that is not UTF-8 is an error that names the byte") {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  for (char const* name : {"bert", "bert-slow"}) {
    AnyTokenizer const tokenizer = open_tokenizer(folder.path(), name);
    for (std::string bad :
         {"caf\xe9", "caf\xc3", "caf\xc0\x80", "caf\xf5\x80\x80\x80", "caf\xed\xa0\x80"})
      CHECK(has(error_of([&] { tokenizer.encode(bad); }), "not UTF-8: byte offset 3"));
  }
}

TEST_CASE("long and hostile BERT prompts are quick") {
  TempDir folder;
  write_file(folder / "vocab.txt", small);
  for (char const* name : {"bert", "bert-slow"}) {
    AnyTokenizer const tokenizer = open_tokenizer(folder.path(), name);
    for (std::string const& prompt :
         {repeat("a", 10'000), repeat("ab ", 10'000), repeat("日", 30'000), repeat("[", 100'000),
          repeat("[MASK", 20'000), repeat("̣́", 50'000), repeat("Σ", 100'000), repeat(" ", 1'000'000),
          repeat("\u00ad", 100'000), repeat("[SEP]", 20'000),
          "a" + repeat("\u0315\u0300", 50'000)}) {
      auto const before = std::chrono::steady_clock::now();
      Ids const ids = tokenizer.encode(prompt);
      std::chrono::duration<double> const took = std::chrono::steady_clock::now() - before;
      CHECK(ids.size() >= 2);
      CHECK(ids.size() <= 256);
      // Generous: debug builds, sanitizers and a busy machine; quadratic work would take minutes.
      INFO(prompt.substr(0, 20));
      CHECK(took.count() < 20);
    }
  }
}
