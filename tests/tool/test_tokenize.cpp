// SPDX-License-Identifier: MIT
#include <sstream>

#include "tool/run_tool.hpp"

using namespace vlsm::test;

namespace {

Outcome tokenize(std::string const& input, std::string const& options = "",
                 std::string const& file = "bpe_simple_vocab_16e6.txt.gz") {
  TempDir const folder;
  write_file(folder / "in", input);
  auto const vocabulary = fixture("tokenizers/" + file);
  REQUIRE(vocabulary);
  return run_tool("tokenize --vocab " + as_word(*vocabulary) + " " + options, "",
                  "<" + as_word(folder / "in"));
}

}  // namespace

TEST_CASE("tokenize reproduces the reference's ids") {
  auto const reference = fixture("tokenizers/clip_hf.jsonl");
  VLSM_NEEDS(reference, "tokenizers/clip_hf.jsonl");
  std::string input;
  std::vector<nlohmann::json> expected;
  std::istringstream lines(read_file(*reference));
  for (std::string line; expected.size() < 300 && std::getline(lines, line);) {
    auto const row = nlohmann::json::parse(line);
    input += row.at("text").dump() + "\n";
    expected.push_back(row.at("ids"));
  }
  Outcome const run = tokenize(input);
  check_done(run);
  auto const rows = json_lines(run.out);
  REQUIRE(rows.size() == expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i].at("ids") == expected[i]);
}

TEST_CASE("tokenize cuts long prompts and keeps the end token") {
  Outcome const run = tokenize("\"" + std::string(10'000, 'x') + "\"\n\"\"\n", "--length 5");
  check_done(run);
  auto const rows = json_lines(run.out);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("ids").size() == 5);
  CHECK(rows[0].at("ids").back() == 49407);
  CHECK(rows[1].at("ids") == nlohmann::json{49406, 49407});
}

TEST_CASE("tokenize reads BERT's vocabulary and cuts at BERT's length") {
  for (std::string name : {"bert", "bert-slow"}) {
    std::string const input = "\"A polyp.\"\n\"" + std::string(1000, '!') + "\"\n";
    Outcome const run = tokenize(input, "--tokenizer " + name, "bert_vocab.txt");
    check_done(run);
    auto const rows = json_lines(run.out);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].at("ids") == nlohmann::json{101, 1037, 26572, 2361, 1012, 102});
    CHECK(rows[1].at("ids").size() == 256);
    CHECK(rows[1].at("ids").back() == 102);
  }
  check_failed(tokenize("", "--tokenizer bert"), 1, "is not UTF-8");
  check_failed(tokenize("", "--tokenizer clip", "bert_vocab.txt"), 1, "no CLIP vocabulary");
}

TEST_CASE("tokenize names the line that is no JSON string") {
  check_failed(tokenize("\"a\"\nplain\n"), 1, "line 2");
  check_failed(tokenize("\n"), 1, "line 1");
  check_failed(tokenize("[\"a\"]\n"), 1, "line 1");
  check_failed(tokenize("\"a\" \"b\"\n"), 1, "line 1");
  check_failed(tokenize("\"\xff\"\n"), 1, "line 1");
  check_failed(tokenize("\"\\ud800\"\n"), 1, "line 1");
  check_failed(tokenize(std::string(100'000, '[')), 1, "line 1");
  CHECK(tokenize("").out.empty());
}

TEST_CASE("tokenize: input that cannot be read is no success") {
  auto const vocabulary = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  REQUIRE(vocabulary);
  check_failed(run_tool("tokenize --vocab " + as_word(*vocabulary), "", "</"), 1,
               "a line cannot be read");
}

TEST_CASE("a vocabulary that cannot be read is told") {
  TempDir const folder;
  check_failed(run_tool("tokenize --vocab " + as_word(folder / "missing")), 1, "missing");
  check_failed(run_tool("tokenize --vocab " + as_word(folder.path())), 1, folder.path().string());
  write_file(folder / "text.txt.gz", "no gzip");
  check_failed(run_tool("tokenize --vocab " + as_word(folder / "text.txt.gz")), 1, "text.txt.gz");
  write_file(folder / "vocab.json", "{");
  write_file(folder / "merges.txt", "");
  check_failed(run_tool("tokenize --vocab " + as_word(folder.path())), 1, "vocab.json");
  check_failed(run_tool("tokenize --vocab " + as_word(folder / "vocab.json"), "", "</"), 1,
               "vocab.json");
}
