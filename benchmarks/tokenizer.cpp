// SPDX-License-Identifier: MIT
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/fixture.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/factory.hpp"

// CLIP's tokenizer in two flavors and BERT's: one prompt of the study, and the fixture's texts
// (emoji, broken UTF-8, many scripts), each checked id by id.
namespace vlsm::bench {
namespace {

using tokenizer::AnyTokenizer;
using tokenizer::Ids;

struct Known {
  std::string text;
  Ids ids;
};

// transformers' ids of a prompt for Kvasir's polyps (tests/data/clipseg/refined_352: input_ids, row
// 1).
Known const clip_prompt{"One small pink round polyp, located in the center of the image.",
                        {49406, 637, 2442, 3360, 2522, 6833, 335, 267, 5677, 530, 518, 2119, 539,
                         518, 2867, 269, 49407}};

// The same prompt's, by transformers 5.24 with the vocabulary of bert-base-uncased.
Known const bert_prompt{clip_prompt.text,
                        {101, 2028, 2235, 5061, 2461, 26572, 2361, 1010, 2284, 1999, 1996, 2415,
                         1997, 1996, 3746, 1012, 102}};

std::vector<Known> stored(std::string const& name) {
  std::vector<Known> list;
  std::ifstream in(fixture("tokenizers/" + name));
  for (std::string line; std::getline(in, line);) {
    auto const row = nlohmann::json::parse(line);
    list.push_back({row["text"].get<std::string>(), row["ids"].get<Ids>()});
  }
  if (list.empty()) throw Error("a fixture is missing", name, "run from a complete source tree");
  return list;
}

Prepared prepare(std::string const& flavor, std::string const& vocabulary,
                 std::vector<Known> const& list) {
  AnyTokenizer const tokenizer =
      tokenizer::open_tokenizer(fixture("tokenizers/" + vocabulary), flavor);
  for (Known const& known : list)
    if (tokenizer.encode(known.text) != known.ids)
      return {.wrong = "other ids than the reference's for '" + known.text.substr(0, 60) + "'",
              .run = {}};
  return {.wrong = {}, .run = [tokenizer, list] {
            for (Known const& known : list) {
              Ids const ids = tokenizer.encode(known.text);
              benchmark::DoNotOptimize(ids.data());
            }
          }};
}

void add_flavor(std::string const& flavor, std::string const& vocabulary, Known const& prompt,
                std::string const& file) {
  add({.name = "BM_Tokenizer/flavor:" + flavor + "/texts:prompt",
       .work = {.items = 1},
       .unit = benchmark::kMicrosecond,
       .prepare = [=] { return prepare(flavor, vocabulary, {prompt}); }});
  add({.name = "BM_Tokenizer/flavor:" + flavor + "/texts:fixture",
       .work = {.items = 221},
       .unit = benchmark::kMicrosecond,
       .prepare = [=] { return prepare(flavor, vocabulary, stored(file)); }});
}

Registration const all([] {
  std::string const clip = "bpe_simple_vocab_16e6.txt.gz";
  add_flavor("clip", clip, clip_prompt, "clip_hf.jsonl");
  add_flavor("openai", clip, clip_prompt, "clip_openai.jsonl");
  add_flavor("bert", "bert_vocab.txt", bert_prompt, "bert_wordpiece.jsonl");
});

}  // namespace
}  // namespace vlsm::bench
