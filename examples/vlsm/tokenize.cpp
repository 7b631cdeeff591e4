// SPDX-License-Identifier: MIT
#include <cstdio>
#include <iostream>
#include <optional>

#include "commands.hpp"
#include "common.hpp"
#include "tokenizer.hpp"
#include "vlsm/base/error.hpp"

namespace tool {
namespace {

struct Options {
  std::string tokenizer = "clip";
  std::string vocab;
  std::optional<std::size_t> length;
};

void run(Options const& options) {
  auto const tokenizer = open_tokenizer(options.vocab, options.tokenizer);
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    std::string text;
    try {
      text = nlohmann::json::parse(line).get<std::string>();
    } catch (nlohmann::json::exception const&) {
      throw vlsm::Error("this line is no JSON string",
                        "standard input, line " + std::to_string(number),
                        "write one string in double quotes a line");
    }
    print_json({{"ids", options.length ? tokenizer.encode(text, *options.length)
                                       : tokenizer.encode(text)}});
  }
  if (std::ferror(stdin))  // std::cin takes a failed read for the end
    throw vlsm::Error("a line cannot be read", "standard input", "give a file or a pipe");
}

}  // namespace

void add_tokenize(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "tokenize", "Prompts to token ids: a JSON string a line in, {\"ids\": […]} a line out");
  auto const options = std::make_shared<Options>();
  command
      ->add_option("--tokenizer", options->tokenizer,
                   "clip (transformers 5), clip-ftfy (what the study ran), openai, openclip, bert "
                   "(WordPiece as transformers 5), bert-slow (4.44 in Python)")
      ->check(CLI::IsMember(tokenizer_names()))
      ->capture_default_str();
  command
      ->add_option("--vocab", options->vocab,
                   "folder with vocab.json and merges.txt, tokenizer.json, or the BPE .txt.gz; "
                   "bert: vocab.txt or tokenizer.json")
      ->required()
      ->check(not_empty());
  command
      ->add_option("--length", options->length,
                   "longest row, start and end token included; default: 77, bert 256")
      ->check(CLI::Range(2, 1 << 20));
  command->callback([options] { run(*options); });
}

}  // namespace tool
