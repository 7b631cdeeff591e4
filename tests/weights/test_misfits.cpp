// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/weights/convert.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/open_model.hpp"
#include "vlsm/weights/save.hpp"

// Files that are not the model's, or are only a part of it: what the error says, and what is loaded
// beside random weights.
using namespace vlsm;
using namespace vlsm::test;
using io::NamedArray;

VLSM_REGISTER_MODEL("tiny", TinyA);
VLSM_REGISTER_MODEL("clipseg-tiny", ClipSegTiny);

namespace {

constexpr auto omits = [](std::string_view) { return false; };

/// A model's tensors under the keys of `scheme`, those that it has a place for.
std::vector<NamedArray> under(io::KeyScheme const& scheme, torch::nn::Module const& model) {
  std::map<std::string, at::Tensor> native;
  for (NamedArray const& tensor : io::state_of(model))
    if (!io::origins_of(scheme, tensor.name).empty())
      native.emplace(tensor.name, io::to_tensor(tensor.array));
  return io::to_scheme(native, std::span(&scheme, 1)).tensors;
}

std::vector<NamedArray> without(std::vector<NamedArray> tensors, std::string const& prefix) {
  std::erase_if(tensors, [&](auto const& tensor) { return tensor.name.starts_with(prefix); });
  return tensors;
}

}  // namespace

TEST_CASE("misfits: what is added within a block is refused, since the block then computes other") {
  Segmenter<TinyA> const model;
  Segmenter<TinyA> other;
  std::vector<NamedArray> const plain = under(io::hf_clipseg, model);
  // Of the first parameter within a numbered block its name as far as the number.
  auto const block = [&](std::string const& part) {
    for (NamedArray const& tensor : plain)
      if (std::size_t const at = tensor.name.find(part); at != std::string::npos)
        return tensor.name.substr(0, at + part.size());
    FAIL(part << " is in no key");
    return std::string();
  };
  auto const skipped = [&](std::string const& wrapper, std::string const& name,
                           at::Tensor const& value) {
    std::vector<NamedArray> state = plain;
    state.push_back({name, io::to_array(value)});
    for (NamedArray& tensor : state) tensor.name = wrapper + tensor.name;
    return io::load_tensors(other, state, "FILE", omits).skipped.size();
  };
  std::string const text = block("text_model.encoder.layers.0."),
                    decoder = block("decoder.layers.0.");
  for (std::string const wrapper : {"", "model.", "module._orig_mod.", "folds.0."}) {
    for (std::string const& name :
         {text + "adapter.down.weight", text + "self_attn.q_proj.lora_A.default.weight",
          decoder + "attention1.cSE.1.weight"})
      CHECK_ERROR(skipped(wrapper, name, at::ones({4, 2})), "1 unused (");
    // A profiler's number, a table of indices, and what stands beside the blocks.
    CHECK(skipped(wrapper, text + "total_ops", at::zeros({1}, at::kDouble)) == 1);
    CHECK(skipped(wrapper, text + "attn.relative_index", at::zeros({4, 4}, at::kLong)) == 1);
    CHECK(skipped(wrapper, "criterion.weight", at::ones({3})) == 1);
  }
}

TEST_CASE("misfits: weights in another form are called by it, and how to bring them back") {
  Segmenter<TinyA> const model;
  Segmenter<TinyA> other;
  std::vector<NamedArray> const plain = under(io::hf_clipseg, model);
  std::string const key = "text_model.encoder.layers.0.self_attn.q_proj.";
  auto const altered = [&](std::vector<std::string> const& names) {
    std::vector<NamedArray> state;
    for (NamedArray const& tensor : plain) {
      std::size_t const at = tensor.name.find(key + "weight");
      if (at == std::string::npos) {
        state.push_back(tensor);
        continue;
      }
      for (std::string const& name : names)
        state.push_back({tensor.name.substr(0, at) + key + name, tensor.array});
    }
    REQUIRE(state.size() == plain.size() - 1 + names.size());
    io::load_tensors(other, state, "FILE", omits);
  };
  CHECK_ERROR(altered({"weight_g", "weight_v"}), "remove_weight_norm");
  CHECK_ERROR(altered({"weight_orig", "weight_mask"}), "prune.remove");
  CHECK_ERROR(altered({"weight_orig", "weight_u"}), "remove_spectral_norm");
  CHECK_ERROR(altered({"parametrizations.weight.original0", "parametrizations.weight.original1"}),
              "remove_parametrizations");
  CHECK_ERROR(altered({"base_layer.weight", "lora_A.default.weight", "lora_B.default.weight"}),
              "merge_and_unload");
  CHECK_ERROR(altered({"weight", "SCB"}), "dequantize");
  // A PEFT file of the adapters alone, which no scheme knows.
  std::vector<NamedArray> const adapters{
      {"base_model.model.q_proj.lora_A.weight", io::to_array(at::ones({4, 2}))}};
  CHECK_ERROR(io::load_tensors(other, adapters, "FILE", omits),
              "merge_and_unload() with the model");
}

TEST_CASE("misfits: a count of batches that was made a float with all else is none") {
  Segmenter<UnetSmall> const model;
  Segmenter<UnetSmall> other;
  auto state = io::state_of(model);
  std::size_t counts = 0;
  for (NamedArray& tensor : state)
    if (tensor.name.ends_with("num_batches_tracked")) {
      tensor.array = io::to_array(at::full({}, 70000, at::kHalf));  // infinite
      ++counts;
    }
  REQUIRE(counts > 0);
  CHECK(io::load_tensors(other, state, "FILE", omits).skipped.empty());
  for (auto const& parameter : model.named_parameters())
    CHECK(at::equal(parameter.value(), other.named_parameters()[parameter.key()]));
}

TEST_CASE("misfits: a file of whole slots says which it lacks, and how they are given") {
  Segmenter<TinyA> model;
  std::vector<NamedArray> const decoder = without(under(io::clipseg_authors, model), "clip_model.");
  for (bool partial : {false, true}) {
    auto const load = [&] {
      io::load_tensors(model, decoder, "FILE", omits, {.partial = partial});
    };
    CHECK_ERROR(load(), "(CLIPSeg's authors) has no text, vision: ");
    CHECK_ERROR(load(), "give the towers by --weights and this file by --decoder-weights");
  }
  // The same where nothing at all of it is asked for.
  CHECK_ERROR(io::load_tensors(model, decoder, "FILE", omits, {.slots = {"vision", "text"}}),
              "has no text, vision: ");
  CHECK_ERROR(io::load_tensors(model, without(io::state_of(model), "text."), "FILE", omits),
              "(vlsm) has no text: ");
  CHECK_ERROR(io::load_tensors(model, without(io::state_of(model), "head."), "FILE", omits),
              "or those slots from another file (--decoder-weights)");
  // A tower in part is no tower that is elsewhere.
  CHECK_ERROR(
      io::load_tensors(model, without(io::state_of(model), "text.blocks.1."), "FILE", omits),
      "this checkpoint does not fit the model: ");
}

TEST_CASE("misfits: the file of another registered model is called by its name") {
  Segmenter<TinyA> const tiny;
  Segmenter<ClipSegTiny> const clipseg;
  auto const check = [](auto& model, std::vector<NamedArray> const& file, std::string const& name) {
    CHECK_ERROR(io::load_tensors(model, file, "FILE", omits),
                "these are weights of " + name + ": choose that model");
  };
  Segmenter<TinyA> first;
  Segmenter<ClipSegTiny> second;
  check(first, io::state_of(clipseg), "clipseg-tiny");
  check(first, under(io::hf_clipseg, clipseg), "clipseg-tiny");
  check(second, io::state_of(tiny, "net.module."), "tiny");
  // Where no tensor is this model's, too.
  torch::nn::Module other;
  other.register_module("vision", std::make_shared<torch::nn::Module>())
      ->register_parameter("stem", at::rand({2}));
  CHECK_ERROR(io::load_tensors(other, under(io::hf_clipseg, clipseg), "FILE", omits),
              "it is for clipseg-tiny: choose that model");
  // Its own file that is spoilt is no other's.
  auto spoilt = io::state_of(first);
  spoilt.front().array = io::to_array(at::full(spoilt.front().array.shape, std::nan("")));
  CHECK_ERROR(io::load_tensors(first, spoilt, "FILE", omits), "give the file of this very model");
}

TEST_CASE("misfits: a decoder's file is loaded beside random towers") {
  TempDir const folder;
  Segmenter<ClipSegTiny> const source;
  io::save(source, folder / "decoder.safetensors");
  RegisteredModel const& info = find_model("clipseg-tiny");
  auto const plain = io::open_model(info, {.weights = "random", .seed = 3});
  std::vector<io::LoadReport> reports;
  io::WeightsFrom from{
      .weights = "random", .decoder_weights = (folder / "decoder.safetensors").string(), .seed = 3};
  auto const both = io::open_model(info, from, &reports);
  CHECK(reports.size() == 1);
  auto const drawn = plain->module().named_parameters(), taken = source.named_parameters();
  for (auto const& item : both->module().named_parameters()) {
    bool const tower = item.key().starts_with("vision.") || item.key().starts_with("text.");
    CHECK_MESSAGE(item.value().equal((tower ? drawn : taken)[item.key()]), item.key());
  }
  from.decoder_weights = (folder / "none").string();
  CHECK_ERROR(io::open_model(info, from), "none");
  io::WeightsFrom const chosen{.weights = "random", .section = "nope", .strict = true};
  CHECK_ERROR(io::open_model(info, chosen), "--weights-key nope");
  // What stands beside the model is refused there as elsewhere.
  auto state = io::state_of(source);
  state.push_back({"mean", io::to_array(at::ones({3}))});
  io::write_safetensors(folder / "more.safetensors", state);
  from.decoder_weights = (folder / "more.safetensors").string();
  CHECK(io::open_model(info, from) != nullptr);
  from.strict = true;
  CHECK_ERROR(io::open_model(info, from), "1 unused (mean)");
}

TEST_CASE("misfits: a run's last state is its model's, strictly, whatever the optimizer kept") {
  Segmenter<TinyA> const first;
  auto state = io::state_of(first, "model.");
  for (NamedArray const& tensor : io::state_of(first))
    for (char const* part : {".mean", ".square", ".step"})
      state.push_back({"adamw." + tensor.name + part, tensor.array});
  Segmenter<TinyA> second;
  auto const report = io::load_tensors(second, state, "FILE", omits, {.strict = true});
  CHECK(report.skipped.empty());
  CHECK(io::all_native(state, "FILE", /*strict=*/true).size() == io::state_of(first).size());
  state.push_back({"mean", state.back().array});
  state.push_back({"scaler.mean", state.back().array});
  CHECK_ERROR(io::load_tensors(second, state, "FILE", omits, {.strict = true}),
              "2 unused (mean, scaler.mean)");
}

TEST_CASE("misfits: prefixes are listed as they are asked for") {
  TempDir const folder;
  Segmenter<TinyA> const first;
  auto state = io::state_of(first, "a.");
  for (NamedArray const& tensor : io::state_of(first, "b.")) state.push_back(tensor);
  io::write_safetensors(folder / "two.safetensors", state);
  Segmenter<TinyA> second;
  CHECK_ERROR(io::load(second, folder / "two.safetensors"), "behind the prefixes 'a', 'b'");
  for (char const* key : {"a", "b."})
    CHECK(io::load(second, folder / "two.safetensors", {.section = key}).skipped.empty());
}

TEST_CASE("blocks that a model leaves out are told by their numbers, and by nothing like them") {
  CHECK(ClipSeg::Vision::omits("blocks.11.norm1.weight"));
  for (char const* other : {"blocks.:.norm1.weight", "blocks.4294967307.norm1.weight", "blocks.11",
                            "blocks.11x.norm1.weight", "blocks.12.norm1.weight",
                            "blocks.0.norm1.weight", "blocks..norm1.weight"})
    CHECK_FALSE(ClipSeg::Vision::omits(other));
}
