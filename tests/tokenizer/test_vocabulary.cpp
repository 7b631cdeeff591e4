// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tokenizer/vocabulary_of_test.hpp"

using namespace vlsm::tokenizer;
using vlsm::test::clip_merges;
using vlsm::test::clip_vocab;
using vlsm::test::error_of;
using vlsm::test::fixture;
using vlsm::test::has;
using vlsm::test::openai_list;
using vlsm::test::read_file;
using vlsm::test::TempDir;
using vlsm::test::write_file;

namespace {

/// A list of merges in OpenAI's form with a few of them, so that files are quick to make.
std::string const small_list = "#version: 0.2\ni n\nt h\na n\nth e</w>\nin g</w>\n";
std::string const prompt = "the thing in an inn";

/// The error of opening `bytes` as a file of that name; always one line.
std::string refusal(std::string const& name, std::string const& bytes) {
  TempDir folder;
  write_file(folder / name, bytes);
  std::string const said = error_of([&] { load_vocabulary(folder / name); });
  CHECK(said.find('\n') == std::string::npos);
  return said;
}
/// The same for a pair of vocab.json and merges.txt in a folder.
std::string refusal_of_pair(std::string const& vocab, std::string const& merges) {
  TempDir folder;
  write_file(folder / "vocab.json", vocab);
  write_file(folder / "merges.txt", merges);
  return error_of([&] { load_vocabulary(folder.path()); });
}
nlohmann::json tokenizer_json(bool pairs) {
  nlohmann::json vocab = clip_vocab(small_list), merges = nlohmann::json::array(),
                 added = nlohmann::json::array();
  for (auto [left, right] : parse_merges(small_list, "list")) {
    if (pairs) {
      merges.push_back({std::string(left), std::string(right)});
    } else {
      merges.push_back(std::string(left).append(" ").append(right));
    }
  }
  for (char const* special : {"<|startoftext|>", "<|endoftext|>"}) {
    added.push_back({{"id", vocab[special]}, {"content", special}, {"special", true}});
    vocab.erase(special);
  }
  return {
      {"version", "1.0"},
      {"added_tokens", added},
      {"model",
       {{"type", "BPE"}, {"end_of_word_suffix", "</w>"}, {"vocab", vocab}, {"merges", merges}}}};
}

}  // namespace

TEST_CASE("all sources of CLIP's vocabulary make the same tokenizer") {
  auto const list = openai_list();
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  TempDir folder;
  write_file(folder / "vocab.json", clip_vocab(*list).dump());
  write_file(folder / "merges.txt", clip_merges(*list));
  write_file(folder / "list.txt", *list);
  auto const gz = *fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  std::string const text = "a polyp's edge 12mm naïve 日本";
  Ids const expected = ClipTokenizer::open(gz).encode(text);
  for (auto const& path :
       {folder.path(), folder / "vocab.json", folder / "merges.txt", folder / "list.txt"}) {
    ClipTokenizer const tokenizer = ClipTokenizer::open(path);
    CHECK(tokenizer.vocabulary_size() == 49408);
    CHECK(tokenizer.start() == 49406);
    CHECK(tokenizer.end() == 49407);
    CHECK(tokenizer.encode(text) == expected);
  }
}

TEST_CASE("the real vocab.json and merges.txt are the list of OpenAI") {
  auto const list = openai_list();
  auto const vocab = fixture("tokenizers/clip_vocab.json");
  auto const merges = fixture("tokenizers/clip_merges.txt");
  VLSM_NEEDS(list, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(vocab, "tokenizers/clip_vocab.json");
  VLSM_NEEDS(merges, "tokenizers/clip_merges.txt");
  CHECK(nlohmann::json::parse(read_file(*vocab)) == clip_vocab(*list));
  CHECK(read_file(*merges) == clip_merges(*list));
}

TEST_CASE("tokenizer.json is read with both spellings of its merges") {
  TempDir folder;
  write_file(folder / "list.txt", small_list);
  Ids const expected = ClipTokenizer::open(folder / "list.txt").encode(prompt);
  for (bool pairs : {false, true}) {
    write_file(folder / "tokenizer.json", tokenizer_json(pairs).dump());
    ClipTokenizer const tokenizer = ClipTokenizer::open(folder.path());
    CHECK(tokenizer.vocabulary_size() == 256 + 256 + 5 + 2);
    CHECK(tokenizer.encode(prompt) == expected);
  }
}

TEST_CASE("a path without a vocabulary is an error that says what was looked for") {
  TempDir folder;
  std::string const empty = error_of([&] { load_vocabulary(folder.path()); });
  for (char const* name :
       {"vocab.json", "merges.txt", "tokenizer.json", "bpe_simple_vocab_16e6.txt.gz"})
    CHECK(has(empty, name));
  CHECK(has(error_of([&] { load_vocabulary(folder / "none"); }), "no such file"));
  CHECK(has(refusal("vocab.json", clip_vocab(small_list).dump()), "needs its merges.txt"));
  CHECK(has(refusal("notes.txt", "some notes\n"), "no CLIP vocabulary"));
  CHECK(has(refusal("empty", ""), "no CLIP vocabulary"));
  CHECK(has(error_of([&] { open_tokenizer(folder.path(), "wordpiece"); }),
            "clip, clip-ftfy, openai, openclip"));
}

TEST_CASE("damaged gzip files are refused") {
  CHECK(has(refusal("pointer.gz", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
            "a Git LFS pointer"));
  auto const gz = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(gz, "tokenizers/bpe_simple_vocab_16e6.txt.gz");
  std::string const whole = read_file(*gz);
  for (std::size_t kept : {2u, 5u, 17u, 18u, 40u, 1000u, 500'000u})
    CHECK(has(refusal("cut.gz", whole.substr(0, kept)), "damaged"));
  CHECK(has(refusal("cut.gz", whole.substr(0, whole.size() - 1)), "damaged"));
  for (std::size_t at : {20u, 60u, 3000u, 700'000u}) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    CHECK(has(refusal("flipped.gz", flipped), "damaged"));
  }
  CHECK(has(refusal("header.gz",
                    std::string("\x1f\x8b\x08\xff\0\0\0\0\0\0", 10) + std::string(30, '\xff')),
            "damaged"));
}

TEST_CASE("what a gzip file unpacks to is bounded") {
  // "0000..." as one fixed-code block: a zero byte, then copies of 258 bytes from 1 byte back.
  std::string bits;
  auto const code = [&](unsigned value, unsigned length) {
    for (unsigned i = length; i-- > 0;) bits += (value >> i) & 1u ? '1' : '0';
  };
  bits += "110";  // last block, fixed codes
  code(0x30 + '0', 8);
  for (int i = 0; i < 4000; ++i) {
    code(0xc5, 8);  // length 258
    code(0, 5);     // distance 1
  }
  code(0, 7);
  std::string stream;
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t k = 0; k < 8 && i + k < bits.size(); ++k)
      byte |= static_cast<unsigned>(bits[i + k] == '1') << k;
    stream += static_cast<char>(byte);
  }
  std::uint32_t const size = 1 + 4000 * 258;
  std::string const zeros(size, '0');
  auto const file = [&](std::uint32_t claimed) {
    std::string bytes("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    bytes += stream;
    for (std::uint32_t value : {vlsm::io::crc32(std::as_bytes(std::span(zeros))), claimed})
      for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  CHECK((vlsm::io::gunzip(file(size), size) == zeros));  // in parentheses: not a megabyte of output
  CHECK_FALSE(vlsm::io::gunzip(file(size), size - 1).has_value());
  CHECK_FALSE(vlsm::io::gunzip(file(100), size).has_value());  // claims less than it holds
  CHECK_FALSE(vlsm::io::gunzip(file(size + 1), 2 * size).has_value());
}

TEST_CASE("stored blocks and optional gzip fields are read") {
  std::string const text = "123456789";
  std::string file("\x1f\x8b\x08\x1e\0\0\0\0\0\x03", 10);
  file +=
      std::string("\x02\0xy", 4) + std::string("name\0", 5) + std::string("comment\0", 8) + "hc";
  file += std::string("\x01\x09\0\xf6\xff", 5) + text;
  file += std::string("\x26\x39\xf4\xcb\x09\0\0\0", 8);
  CHECK(vlsm::io::gunzip(file, 100) == text);
  CHECK_FALSE(vlsm::io::gunzip(file, 8).has_value());
  for (std::size_t kept = 0; kept < file.size(); ++kept)
    CHECK_FALSE(vlsm::io::gunzip(file.substr(0, kept), 100).has_value());
}

TEST_CASE("numbers that overflow are a vlsm::Error in every JSON file of a vocabulary") {
  CHECK(has(refusal("tokenizer.json", R"({"model":777777e060973661})"), "JSON"));
  CHECK(has(refusal_of_pair(R"({"a":777777e060973661})", "#version: 0.2\n"), "JSON"));
  CHECK(has(refusal_of_pair(R"({"a":99999999999999999999999999})", "#version: 0.2\n"), "fraction"));
}

TEST_CASE("a folder's vocabulary is found in every form that is read") {
  using vlsm::tokenizer::has_vocabulary;
  for (std::string const form : {"vocab.json merges.txt", "tokenizer.json",
                                 "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"}) {
    TempDir const folder;
    CHECK(!has_vocabulary(folder.path(), "clip"));
    std::istringstream names(form);
    for (std::string name; names >> name;) write_file(folder / name, "x");
    CHECK_MESSAGE(has_vocabulary(folder.path(), "openai"), form);
  }
  TempDir const folder;
  write_file(folder / "vocab.json", "x");  // without its merges
  CHECK(!has_vocabulary(folder.path(), "clip"));
  write_file(folder / "vocab.txt", "x");
  CHECK(has_vocabulary(folder.path(), "bert"));
  CHECK(!has_vocabulary(folder / std::string(300, 'x'), "clip"));
}

TEST_CASE("hostile vocab.json files are refused with a reason") {
  nlohmann::json const good = clip_vocab(small_list);
  std::string const merges = clip_merges(small_list);
  CHECK(refusal_of_pair(good.dump(), merges).empty());
  auto const with = [&](char const* piece, nlohmann::json const& id) {
    nlohmann::json vocab = good;
    vocab[piece] = id;
    return refusal_of_pair(vocab.dump(), merges);
  };
  CHECK(has(with("!", -1), "id -1 of \"!\""));
  CHECK(has(with("!", 3'000'000'000), "id 3000000000"));
  CHECK(has(with("!", 18446744073709551615u), "\"!\""));
  CHECK(has(with("!", 1.5), "a fraction"));
  CHECK(has(with("!", "0"), "a string"));
  CHECK(has(with("!", nullptr), "null"));
  CHECK(has(with("!", true), "a truth value"));
  CHECK(has(with("!", nlohmann::json::array({0})), "a list"));
  CHECK(has(with("!", {{"a", 1}}), "an object"));
  CHECK(has(with("!", 1), "two pieces"));
  CHECK(has(with("!", 5000), "outside 0 to"));

  nlohmann::json missing = good;
  missing.erase("the</w>");
  CHECK(has(refusal_of_pair(missing.dump(), merges), "outside 0 to"));
  // A piece that is gone while the ids stay complete: a byte, a special token, a merged piece.
  for (char const* piece : {"!", "!</w>", "<|startoftext|>", "<|endoftext|>", "the</w>"}) {
    nlohmann::json renamed = good;
    renamed["something else"] = renamed[piece];
    renamed.erase(piece);
    CHECK(has(refusal_of_pair(renamed.dump(), merges), piece));
  }
  CHECK(has(refusal_of_pair("{\"a\": 0, \"a\": 1}", merges), "twice"));
  CHECK(has(refusal_of_pair("{}", merges), "not in the vocabulary"));
  CHECK(has(refusal_of_pair("", merges), "not valid JSON"));
  CHECK(has(refusal_of_pair("[1, 2]", merges), "a list"));
  CHECK(has(refusal_of_pair("7", merges), "a number"));
  CHECK(has(refusal_of_pair(good.dump().substr(0, 900), merges), "not valid JSON"));
  CHECK(has(refusal_of_pair("{\"\xff\": 0}", merges), "not valid JSON"));
  CHECK(has(refusal_of_pair(std::string(100'000, '['), merges), "a list"));
}

TEST_CASE("hostile merges are refused with the line") {
  std::string const vocab = clip_vocab(small_list).dump();
  CHECK(has(refusal_of_pair(vocab, "#version: 0.2\ni n\nq q\n"), "merge number 2"));
  CHECK(has(refusal_of_pair(vocab, "#version: 0.2\ni n\nt\n"), "line 3"));
  CHECK(has(refusal_of_pair(vocab, "a b c\n"), "line 1"));
  CHECK(has(refusal_of_pair(vocab, " n\n"), "line 1"));
  CHECK(has(refusal_of_pair(vocab, "i \n"), "line 1"));
  CHECK(has(refusal_of_pair(vocab, "\xff\xfe \xff\n"), "not readable text"));
  CHECK(has(refusal("bpe.txt", "#version\ni n\ni n\n"), "made twice"));
  CHECK(has(refusal("bpe.txt", "#version\nx yz\n"), "\"yz\""));
  CHECK(refusal_of_pair(vocab, "").empty());  // no merges: bytes only
}

TEST_CASE("hostile tokenizer.json files are refused with a reason") {
  nlohmann::json const good = tokenizer_json(true);
  auto const refused = [](nlohmann::json const& tree) {
    return refusal("tokenizer.json", tree.dump());
  };
  CHECK(refused(good).empty());
  nlohmann::json tree = good;
  tree["model"]["type"] = "WordPiece";
  CHECK(has(refused(tree), "byte pair encoding"));
  tree = good;
  tree["model"]["end_of_word_suffix"] = nullptr;
  CHECK(has(refused(tree), "</w>"));
  tree = good;
  tree["model"]["vocab"] = nlohmann::json::array();
  CHECK(has(refused(tree), "model.vocab"));
  tree = good;
  tree["model"]["merges"][1] = 5;
  CHECK(has(refused(tree), "merge number 2"));
  tree = good;
  tree["model"]["merges"][1] = {"q", "q"};
  CHECK(has(refused(tree), "merge number 2"));
  tree = good;
  tree["added_tokens"][0]["id"] = "x";
  CHECK(has(refused(tree), "not a whole number"));
  tree = good;
  tree["added_tokens"][0]["id"] = 18446744073709551615u;
  CHECK(has(refused(tree), "not between"));
  tree = good;
  tree["added_tokens"] = 3;
  CHECK(has(refused(tree), "<|startoftext|>"));
  CHECK(has(refused(nlohmann::json{{"model", 1}}), "byte pair encoding"));
  CHECK(has(refusal("tokenizer.json", "{\"model\": {"), "not valid JSON"));
}

TEST_CASE("words merge by rank, the leftmost pair first") {
  TempDir folder;
  write_file(folder / "list.txt", "#version\na a\naa a</w>\nb c\na b\n");
  Vocabulary const vocabulary = load_vocabulary(folder / "list.txt");
  auto const ids = [&](char const* word) {
    Ids out;
    vocabulary.bpe.encode(word, out);
    return out;
  };
  std::int64_t const a = 'a' - '!', b = 'b' - '!', c = 'c' - '!';
  CHECK(ids("aaa") == Ids{513});
  CHECK(ids("aaaa") == Ids{512, a, a + 256});
  CHECK(ids("aaaaa") == Ids{512, 513});
  CHECK(ids("abcx") == Ids{a, 514, 'x' - '!' + 256});
  CHECK(ids("abc") == Ids{515, c + 256});
  CHECK(ids("b") == Ids{b + 256});
  CHECK(ids("").empty());
}
