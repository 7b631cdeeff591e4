// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/pictures.hpp"
#include "tool/run_tool.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/weights/save.hpp"

using namespace vlsm::test;

namespace {

// A folder with the weights of a fresh clipseg-tiny.
struct Weights : TempDir {
  Weights() {
    vlsm::Segmenter<vlsm::ClipSegTiny> const model;
    vlsm::io::save(model, *this / "ours.safetensors");
    write_file(*this / "a.png", small_png());
  }
  Outcome convert(std::string const& from, std::string const& to, std::string const& out,
                  std::string const& more = "") const {
    return run_tool("convert --model clipseg-tiny --weights " + as_word(*this / from) + " --to " +
                    to + " --out " + as_word(*this / out) + " " + more);
  }
  /// The mask that these weights draw.
  std::string mask(std::string const& weights) const {
    auto const out = *this / ("masks of " + weights);
    check_done(run_tool("segment --model clipseg-tiny --threads 1 --prompt x --weights " +
                        as_word(*this / weights) + " --image " + as_word(*this / "a.png") +
                        " --out " + as_word(out)));
    auto const files = files_in(out);
    REQUIRE(files.size() == 1);
    return read_file(out / files[0]);
  }
};

std::set<std::string> keys_of(std::filesystem::path const& path) {
  std::set<std::string> keys;
  for (auto const& tensor : vlsm::io::open_checkpoint(path).tensors) keys.insert(tensor.name);
  return keys;
}

}  // namespace

TEST_CASE(
    "convert: weights under Hugging Face's keys draw the same mask and come back to the bit") {
  Weights const folder;
  Outcome const there = folder.convert("ours.safetensors", "hf", "hf.safetensors");
  check_done(there);
  CHECK(there.out.find("hf_clipseg") != std::string::npos);
  auto const keys = keys_of(folder / "hf.safetensors");
  CHECK(keys.contains("clip.vision_model.encoder.layers.0.self_attn.q_proj.weight"));
  CHECK(keys.contains("decoder.film_mul.weight"));
  CHECK(folder.mask("hf.safetensors") == folder.mask("ours.safetensors"));
  check_done(folder.convert("hf.safetensors", "native", "back.safetensors"));
  CHECK(keys_of(folder / "back.safetensors") == keys_of(folder / "ours.safetensors"));
  check_done(folder.convert("back.safetensors", "hf", "again.safetensors"));
  CHECK(read_file(folder / "again.safetensors") == read_file(folder / "hf.safetensors"));
}

TEST_CASE("convert: a line stays one line whatever the files are called") {
  Weights const folder;
  Outcome const run = folder.convert("ours.safetensors", "hf", "two\nlines");
  check_done(run);
  CHECK(std::ranges::count(run.out, '\n') == 1);
  CHECK(run.out.find("two lines: ") != std::string::npos);
}

TEST_CASE("convert: what the model does not build comes from the checkpoint it was tuned from") {
  Weights const folder;
  check_done(folder.convert("ours.safetensors", "hf", "hf.safetensors"));
  auto base = vlsm::io::open_checkpoint(folder / "hf.safetensors").tensors;
  at::Tensor const extra = at::full({1}, 4.6);
  base.push_back({"clip.logit_scale", vlsm::io::to_array(extra[0])});
  vlsm::io::write_safetensors(folder / "base.safetensors", base, {{"format", "pt"}});
  Outcome const run = folder.convert("ours.safetensors", "hf", "whole.safetensors",
                                     "--base " + as_word(folder / "base.safetensors"));
  check_done(run);
  CHECK(run.out.find(", 1 of them from ") != std::string::npos);
  CHECK(read_file(folder / "whole.safetensors") == read_file(folder / "base.safetensors"));
}

TEST_CASE("convert: a base is the model's, and parts of an index are not written over") {
  Weights const folder;
  check_done(folder.convert("ours.safetensors", "hf", "hf.safetensors"));
  std::filesystem::create_directory(folder / "parts");
  std::filesystem::copy_file(folder / "hf.safetensors", folder / "parts/one.safetensors");
  nlohmann::json map;
  for (auto const& tensor : vlsm::io::open_checkpoint(folder / "hf.safetensors").tensors)
    map[tensor.name] = "one.safetensors";
  write_file(folder / "parts/model.safetensors.index.json",
             nlohmann::json{{"weight_map", map}}.dump());
  std::string const part = read_file(folder / "parts/one.safetensors");
  for (char const* weights : {"parts", "parts/model.safetensors.index.json"})
    check_failed(folder.convert(weights, "native", "parts/one.safetensors"), 1,
                 "is read, and would be lost");
  check_failed(folder.convert("ours.safetensors", "hf", "parts/one.safetensors",
                              "--base " + as_word(folder / "parts/model.safetensors.index.json")),
               1, "is read, and would be lost");
  CHECK(read_file(folder / "parts/one.safetensors") == part);
  vlsm::io::write_safetensors(
      folder / "other.safetensors",
      {{"decoder.blocks.0.conv1.weight", vlsm::io::to_array(at::ones({2}))}}, {});
  check_failed(folder.convert("ours.safetensors", "native", "out.safetensors",
                              "--base " + as_word(folder / "other.safetensors")),
               1, "other.safetensors");
  CHECK(!std::filesystem::exists(folder / "out.safetensors"));
}

TEST_CASE("convert: which state dict of each file is meant can be said") {
  Weights const folder;
  auto const file = [&](char const* name, std::string const& words) {
    return as_word(folder / name) + words;
  };
  // Two state dicts in one file, by names that begin with theirs.
  std::vector<vlsm::io::NamedArray> two;
  for (auto const& tensor : vlsm::io::open_checkpoint(folder / "ours.safetensors").tensors)
    for (char const* start : {"best.", "last."}) {
      two.push_back(tensor);
      two.back().name = start + tensor.name;
    }
  vlsm::io::write_safetensors(folder / "two.safetensors", two, {});
  check_done(folder.convert("ours.safetensors", "native", "plain"));
  check_done(folder.convert("two.safetensors", "native", "a", "--weights-key best"));
  check_done(folder.convert("ours.safetensors", "native", "b",
                            "--decoder-weights " + file("two.safetensors", " ") +
                                "--decoder-weights-key last --base " +
                                file("two.safetensors", " --base-key best")));
  for (char const* made : {"a", "b"})
    CHECK(read_file(folder / made) == read_file(folder / "plain"));
}

TEST_CASE("convert: towers alone come back, and are a start for training under our names, too") {
  Weights const folder;
  std::vector<vlsm::io::NamedArray> towers;
  for (auto const& tensor : vlsm::io::open_checkpoint(folder / "ours.safetensors").tensors)
    if (tensor.name.starts_with("vision.") || tensor.name.starts_with("text."))
      towers.push_back(tensor);
  vlsm::io::write_safetensors(folder / "towers", towers, {{"format", "pt"}});
  check_done(folder.convert("towers", "hf", "hf"));
  Outcome const run = folder.convert("hf", "native", "native");
  check_done(run);
  CHECK(run.err.find("not in it: decoder, fusion, head") != std::string::npos);
  check_done(folder.convert("native", "hf", "again"));
  CHECK(read_file(folder / "again") == read_file(folder / "hf"));
}

TEST_CASE("convert: wrappers' parts go, and what is no part of a model is left out or refused") {
  Weights const folder;
  std::vector<vlsm::io::NamedArray> wrapped;
  for (auto const& tensor : vlsm::io::open_checkpoint(folder / "ours.safetensors").tensors) {
    wrapped.push_back(tensor);
    std::string& name = wrapped.back().name;
    name.insert(name.find('.') + 1, "_orig_mod.");
  }
  at::Tensor const mean = at::zeros({3});
  wrapped.push_back({"mean", vlsm::io::to_array(mean)});
  vlsm::io::write_safetensors(folder / "wrapped", wrapped, {});
  check_done(folder.convert("ours.safetensors", "native", "plain"));
  check_done(folder.convert("wrapped", "native", "unwrapped"));
  CHECK(read_file(folder / "unwrapped") == read_file(folder / "plain"));
  check_done(folder.convert("wrapped", "hf", "hf"));
  check_failed(folder.convert("wrapped", "native", "no", "--strict"), 1, "mean");
}

TEST_CASE("convert: no file is put beside the weights of a folder that is read as one") {
  Weights const folder;
  std::filesystem::create_directory(folder / "run");
  std::filesystem::copy_file(folder / "ours.safetensors", folder / "run/best.safetensors");
  check_failed(folder.convert("run", "native", "run/c.safetensors"), 1, "several weights");
  check_done(folder.convert("run", "native", "c.safetensors"));
}

TEST_CASE("convert: keys of another kind of model, other models' files and bad paths are told") {
  Weights const folder;
  auto const failed = [&](Outcome const& run, std::string const& words) {
    check_failed(run, 1, words);
    CHECK(!std::filesystem::exists(folder / "out"));
  };
  failed(folder.convert("ours.safetensors", "cris", "out"), "the keys of CRIS");
  failed(folder.convert("ours.safetensors", "smp", "out"), "have no place for");
  failed(folder.convert("missing", "hf", "out"), "missing");
  failed(folder.convert("a.png", "hf", "out"), "a.png");
  failed(run_tool("convert --model unet --weights " + as_word(folder / "ours.safetensors") +
                  " --to smp --out " + as_word(folder / "out")),
         "does not fit the model");
  check_failed(folder.convert("ours.safetensors", "hf", "no/folder"), 1, "no/folder");
  check_failed(folder.convert("ours.safetensors", "onnx", "out"), 2, "--to");
  CHECK(files_in(folder.path()) == std::vector<std::string>{"a.png", "ours.safetensors"});
}
