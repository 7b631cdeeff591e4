// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tokenizer/vocabulary_of_test.hpp"

using namespace vlsm::tokenizer;
using vlsm::test::error_of;
using vlsm::test::fixture;
using vlsm::test::has;

namespace {

/// Compares every line of a fixture; how many there were.
int compare(AnyTokenizer const& tokenizer, std::filesystem::path const& lines) {
  std::ifstream in(lines);
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    auto const row = nlohmann::json::parse(line);
    INFO(lines.filename().string(), ": ", line.substr(0, 200));
    CHECK(tokenizer.encode(row["text"].get<std::string>()) == row["ids"].get<Ids>());
  }
  return count;
}

void compare_all(char const* name, char const* lines) {
  auto const list = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  auto const expected = fixture(std::string("tokenizers/") + lines);
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(expected, "tokenizers/clip_*.jsonl");
  CHECK(compare(open_tokenizer(*list, name), *expected) == 221);
  if (auto const pair = fixture("tokenizers/clip_vocab.json"))
    CHECK(compare(open_tokenizer(*pair, name), *expected) == 221);
}

}  // namespace

TEST_CASE("clip makes the ids of transformers 5") { compare_all("clip", "clip_hf.jsonl"); }
TEST_CASE("clip makes the ids of the fast tokenizer of transformers 4.44") {
  compare_all("clip", "clip_hf4_fast.jsonl");
}
TEST_CASE("clip-ftfy makes the ids of the slow tokenizer with ftfy, as medvlsm") {
  compare_all("clip-ftfy", "clip_hf4_slow_ftfy.jsonl");
}
TEST_CASE("openai makes the ids of openai/CLIP") { compare_all("openai", "clip_openai.jsonl"); }
TEST_CASE("openclip makes the ids of open_clip 3") {
  compare_all("openclip", "clip_openclip.jsonl");
}

TEST_CASE("the flavors differ beyond the fixtures as their references do") {
  auto const list = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  Vocabulary const vocabulary = load_vocabulary(*list);
  auto const ids = [&](ClipFlavor flavor, char const* text) {
    return ClipTokenizer(vocabulary, flavor).encode(text);
  };
  // A special token in capitals is text to transformers 5, but a token to Python's tokenizers.
  char const* const capitals = "hello <|ENDOFTEXT|> a <|endoftext|> b";
  CHECK(ids(ClipFlavor::clip, capitals) ==
        Ids{49406, 3306, 27, 347, 40786, 4160, 91, 285, 320, 49407, 321, 49407});
  CHECK(ids(ClipFlavor::clip_ftfy, capitals) == Ids{49406, 3306, 49407, 320, 49407, 321, 49407});
  CHECK(ids(ClipFlavor::openai, capitals) == Ids{49406, 3306, 49407, 320, 49407, 321, 49407});
  // open_clip's own special tokens.
  CHECK(ids(ClipFlavor::openclip, "<START_OF_TEXT>") == Ids{49406, 49406, 49407});
  // The long s is a case of s to Python's regex module only.
  CHECK(ids(ClipFlavor::clip, "'ſ x'ſ") == Ids{49406, 262, 129, 379, 343, 262, 129, 379, 49407});
  CHECK(ids(ClipFlavor::clip_ftfy, "'ſ x'ſ") == Ids{49406, 6, 129, 379, 343, 6, 129, 379, 49407});
  // Entities without a semicolon are openai/CLIP's alone; the letter behind may touch the name.
  CHECK(ids(ClipFlavor::openai, "5 &lt 6") == ids(ClipFlavor::openai, "5 < 6"));
  CHECK(ids(ClipFlavor::clip_ftfy, "5 &lt 6") != ids(ClipFlavor::clip_ftfy, "5 < 6"));
  // İ is an i with a dot above, in every flavor.
  CHECK(ids(ClipFlavor::clip, "İ") == Ids{49406, 328, 16384, 49407});
  CHECK(ids(ClipFlavor::openai, "İ") == Ids{49406, 328, 16384, 49407});
  // U+0345 falls between Python's character classes.
  CHECK(ids(ClipFlavor::openai, "'m\u0345") == Ids{49406, 880, 49407});
  // Surrogates in three bytes each: ftfy joins them, the Rust tokenizer takes no such text.
  char const* const cesu = "\xed\xa0\xbd\xed\xb8\x80";
  CHECK(ids(ClipFlavor::openai, cesu) == ids(ClipFlavor::openai, "😀"));
  CHECK(has(error_of([&] { ids(ClipFlavor::clip, cesu); }), "byte offset 0"));
}

TEST_CASE("a prompt is cut to its length with the end token kept") {
  auto const list = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  ClipTokenizer const tokenizer = ClipTokenizer::open(*list);
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "polyp ";
  for (std::size_t length : {2u, 3u, 17u, 77u}) {
    Ids const ids = tokenizer.encode(text, length);
    CHECK(ids.size() == length);
    CHECK(ids.front() == 49406);
    CHECK(ids.back() == 49407);
  }
  CHECK(tokenizer.encode("polyp", 100) == Ids{49406, 6833, 335, 49407});
  CHECK(has(error_of([&] { tokenizer.encode("polyp", 1); }), "no room"));
}

TEST_CASE("a prompt that is not UTF-8 is an error that names the byte") {
  auto const list = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  Vocabulary const vocabulary = load_vocabulary(*list);
  for (ClipFlavor flavor : {ClipFlavor::clip, ClipFlavor::clip_ftfy, ClipFlavor::openai}) {
    ClipTokenizer const tokenizer(vocabulary, flavor);
    for (std::string bad :
         {"caf\xe9", "caf\xc3", "caf\xc0\x80", "caf\xf5\x80\x80\x80", "caf\xff"}) {
      std::string const said = error_of([&] { tokenizer.encode(bad); });
      CHECK(has(said, "not UTF-8"));
      CHECK(has(said, "byte offset 3"));
    }
  }
}

TEST_CASE("long and hostile prompts are quick") {
  auto const list = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  auto const repeat = [](std::string const& part, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += part;
    return text;
  };
  Vocabulary const vocabulary = load_vocabulary(*list);
  std::vector<std::string> const prompts{repeat("a", 100'000),
                                         repeat("lesion", 20'000),
                                         repeat("polyp in the colon ", 6'000),
                                         repeat("日", 30'000),
                                         repeat("Ã©", 50'000),
                                         "&" + repeat("amp;", 20'000),
                                         repeat("̣́", 50'000),
                                         repeat("Σ", 100'000),
                                         repeat("â€œ", 30'000) + "日",
                                         repeat("\x1b[1;2", 20'000),
                                         repeat("<|startoftext|>", 9'000)};
  for (ClipFlavor flavor : {ClipFlavor::clip, ClipFlavor::clip_ftfy, ClipFlavor::openai}) {
    ClipTokenizer const tokenizer(vocabulary, flavor);
    for (std::string const& prompt : prompts) {
      auto const before = std::chrono::steady_clock::now();
      CHECK(tokenizer.encode(prompt).size() <= 77);
      std::chrono::duration<double> const took = std::chrono::steady_clock::now() - before;
      // Generous: debug builds, sanitizers and a busy machine; quadratic work would take minutes.
      INFO(prompt.substr(0, 20));
      CHECK(took.count() < 20);
    }
  }
}

TEST_CASE("a const tokenizer serves two threads at once") {
  auto const list = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  AnyTokenizer const tokenizer = open_tokenizer(*list, "clip-ftfy");
  std::string const text = "don't miss the polyp&#39;s edge, vis-Ã -vis Σίσυφος";
  Ids const alone = tokenizer.encode(text);
  std::vector<int> equal(2, 0);
  std::vector<std::thread> threads;
  for (int& count : equal)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += tokenizer.encode(text) == alone ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(equal == std::vector<int>{200, 200});
}
