// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/pictures.hpp"
#include "tool/run_tool.hpp"

// Files of one model given to another, and damaged files, in each source's format.
using namespace vlsm::test;

namespace {

struct Case {
  std::string file;    ///< below tests/data
  std::string source;  ///< whose keys they are, as the message must say
};

Case const cases[] = {
    {"clipseg/tiny_a/model.safetensors", "Hugging Face's CLIPSeg"},
    {"clipseg/tiny_a/lightning.ckpt", "Hugging Face's CLIPSeg"},
    {"cris/tiny_a/cris.pt", "CRIS"},
    {"cris/tiny_a/cris_converted.pt", "CRIS"},
    {"cris/tiny_a/RN50_tiny.pt", "OpenAI's CLIP"},
    {"biomedclipseg/tiny_a/open_clip_pytorch_model.bin", "open_clip"},
    {"biomedclipseg/tiny_a/lightning.ckpt", "BiomedCLIPSeg"},
};

Outcome segment(TempDir const& folder, std::string const& model, std::filesystem::path weights) {
  return run_tool("segment --model " + model + " --threads 1 --weights " + as_word(weights) +
                  " --image " + as_word(folder / "a.png") + " --prompt x --out " +
                  as_word(folder / "out"));
}

}  // namespace

TEST_CASE("a checkpoint of another model is refused by the name of its source") {
  TempDir const folder;
  write_file(folder / "a.png", small_png());
  for (Case const& one : cases) {
    auto const path = fixture(one.file);
    if (!path) continue;  // not all are part of the repository
    // The baseline reads no prompt, so nothing but the weights can be wrong.
    Outcome const run = segment(folder, "unet", *path);
    check_failed(run, 1, one.source);
    CHECK(!std::filesystem::exists(folder / "out"));
  }
}

TEST_CASE("cut checkpoints of every source are refused, wherever they end") {
  TempDir const folder;
  write_file(folder / "a.png", small_png());
  for (Case const& one : cases) {
    auto const path = fixture(one.file);
    if (!path) continue;  // not all are part of the repository
    std::string const whole = read_file(*path);
    for (std::size_t size :
         {std::size_t{1}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
      write_file(folder / "cut", whole.substr(0, size));
      check_failed(segment(folder, "unet", folder / "cut"), 1, "cut");
    }
  }
}

TEST_CASE("vocabularies of the other tokenizer are refused before the weights are read") {
  TempDir const folder;
  write_file(folder / "a.png", small_png());
  write_file(folder / "any", little(std::uint64_t{8}) + "{}      ");  // safetensors, at first sight
  auto const bert = fixture("tokenizers/bert_vocab.txt"),
             clip = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  VLSM_NEEDS(bert, "tokenizers");
  auto const with = [&](std::string const& model, std::filesystem::path const& vocabulary) {
    return run_tool("segment --model " + model + " --threads 1 --weights " +
                    as_word(folder / "any") + " --image " + as_word(folder / "a.png") +
                    " --prompt x --vocab " + as_word(vocabulary));
  };
  check_failed(with("cris", *bert), 1, "no CLIP vocabulary");
  check_failed(with("biomedclipseg", *clip), 1, "bpe_simple_vocab_16e6.txt.gz");
  // Longer than PubMedBERT's embedding.
  std::string longer = read_file(*bert);
  for (int i = 0; i < 10; ++i) longer += "surplus" + std::to_string(i) + "\n";
  write_file(folder / "vocab.txt", longer);
  check_failed(with("biomedclipseg", folder / "vocab.txt"), 1, "the model knows 30522");
}
