// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <functional>
#include <set>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/weights/convert.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

// CLIPSeg from the files of its neighbors: CLIP as Hugging Face, OpenAI and open_clip store it,
// and the decoder as CLIPSeg's authors do. Each is made of Hugging Face's CLIPSeg by renaming here,
// and must give the same logits to the bit.
using namespace vlsm;
using namespace vlsm::test;
using io::NamedArray;

namespace {

using Model = Segmenter<TinyA>;
using Tensors = std::map<std::string, at::Tensor>;

Tensors read(std::filesystem::path const& path) {
  Tensors tensors;
  for (NamedArray const& tensor : io::open_checkpoint(path).tensors)
    tensors.emplace(tensor.name, io::to_tensor(tensor.array).clone());
  return tensors;
}

std::vector<NamedArray> arrays(Tensors const& tensors) {
  std::vector<NamedArray> list;
  for (auto const& [name, tensor] : tensors) list.push_back({name, io::to_array(tensor)});
  return list;
}

void write(std::filesystem::path const& path, Tensors const& tensors) {
  io::write_safetensors(path, arrays(tensors));
}

void replace(std::string& text, std::string const& from, std::string const& to) {
  if (auto const at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

/// The tensors behind `prefix`, without it.
Tensors below(Tensors const& all, std::string const& prefix) {
  Tensors part;
  for (auto const& [name, tensor] : all)
    if (name.starts_with(prefix)) part.emplace(name.substr(prefix.size()), tensor);
  return part;
}

/// q, k and v put together, as torch.nn.MultiheadAttention has them.
Tensors fused(Tensors const& split) {
  Tensors joined;
  for (auto const& [name, tensor] : split) {
    auto const at = name.find("self_attn.q_proj.");
    if (at != std::string::npos) {
      std::string key = name.substr(0, at), leaf = name.substr(at + 17);
      joined[key + "self_attn.in_proj_" + leaf] =
          at::cat({tensor, split.at(key + "self_attn.k_proj." + leaf),
                   split.at(key + "self_attn.v_proj." + leaf)});
    } else if (name.find("self_attn.k_proj") == std::string::npos &&
               name.find("self_attn.v_proj") == std::string::npos) {
      joined.emplace(name, tensor);
    }
  }
  return joined;
}

/// Hugging Face's CLIP under OpenAI's names; `text` stands before those of the text tower.
Tensors as_openai(Tensors const& hf, std::string const& text = "") {
  Tensors openai;
  for (auto const& item : fused(hf)) {
    std::string name = item.first;
    at::Tensor tensor = item.second;
    if (name.ends_with("position_ids")) continue;
    bool const vision = name.starts_with("vision_model.") || name == "visual_projection.weight";
    bool const scale = name == "logit_scale";
    if (name.ends_with("_projection.weight")) tensor = tensor.t().contiguous();
    for (auto const& [from, to] :
         {std::pair<std::string, std::string>{"vision_model.embeddings.class_embedding",
                                              "class_embedding"},
          {"vision_model.embeddings.patch_embedding", "conv1"},
          {"vision_model.embeddings.position_embedding.weight", "positional_embedding"},
          {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
          {"text_model.embeddings.token_embedding", "token_embedding"},
          {"vision_model.pre_layrnorm", "ln_pre"},
          {"vision_model.post_layernorm", "ln_post"},
          {"text_model.final_layer_norm", "ln_final"},
          {"visual_projection.weight", "proj"},
          {"text_projection.weight", "text_projection"},
          {"vision_model.encoder.layers", "transformer.resblocks"},
          {"text_model.encoder.layers", "transformer.resblocks"},
          {"self_attn", "attn"},
          {"layer_norm1", "ln_1"},
          {"layer_norm2", "ln_2"},
          {"mlp.fc1", "mlp.c_fc"},
          {"mlp.fc2", "mlp.c_proj"}})
      replace(name, from, to);
    openai[(vision ? "visual." : scale ? "" : text) + name] = tensor;
  }
  return openai;
}

/// Hugging Face's decoder under the authors' names.
Tensors as_authors(Tensors const& hf) {
  Tensors theirs;
  for (auto const& item : fused(hf)) {
    std::string name = item.first;
    for (auto const& [from, to] : {std::pair<std::string, std::string>{"layers.", "blocks."},
                                   {"mlp.fc1", "linear1"},
                                   {"mlp.fc2", "linear2"},
                                   {"layer_norm", "norm"},
                                   {"transposed_convolution", "trans_conv"}})
      replace(name, from, to);
    theirs[name] = item.second;
  }
  // Of the base class; nothing calls it.
  theirs["reduce.weight"] = at::rand({16, 64});
  theirs["reduce.bias"] = at::rand({16});
  return theirs;
}

template <class Segmenter>
at::Tensor logits(Segmenter& model) {
  at::NoGradGuard const no_grad;
  at::manual_seed(7);
  at::Tensor const pixels = at::randn({2, 3, 64, 64});
  at::Tensor ids = at::randint(0, 600, {2, 9}, at::kLong);
  ids.select(1, 8).fill_(639);
  return model.forward(pixels, {ids});
}

struct Files : TempDir {
  explicit Files(std::string const& name = "clipseg/tiny_a/model.safetensors") {
    auto const path = fixture(name);
    if (!path) return;
    all = read(*path);
    clip = below(all, "clip.");
    write(*this / "decoder.safetensors", as_authors(below(all, "decoder.")));
  }
  Tensors all, clip;
};

io::LoadOptions const towers{.slots = {"vision", "text"}};
io::LoadOptions const rest{.slots = {"fusion", "decoder", "head"}};

}  // namespace

TEST_CASE("neighbors: towers of every CLIP and the authors' decoder give CLIPSeg to the bit") {
  Files const files;
  VLSM_NEEDS(files.all.empty() ? std::nullopt : std::optional(1), "clipseg/tiny_a");
  Model reference;
  io::load_tensors(reference, arrays(files.all), "FILE", omitted<Model>);
  at::Tensor const expected = logits(reference);
  std::vector<std::pair<std::string, Tensors>> const forms{
      {"hf_clip", files.clip},
      {"openai_vit", as_openai(files.clip)},
      {"open_clip_vit", as_openai(files.clip, "text.")}};
  for (auto const& form : forms) {
    write(files / "clip.safetensors", form.second);
    Model model;
    auto const first = io::load(model, files / "clip.safetensors", towers);
    CHECK(first.scheme == form.first);
    CHECK(first.skipped.empty());
    auto const second = io::load(model, files / "decoder.safetensors", rest);
    CHECK(second.scheme == "clipseg_authors");
    CHECK(second.skipped.empty());
    CHECK(logits(model).equal(expected));
  }
}

TEST_CASE("neighbors: the authors' whole state dict, CLIP in it twice, gives CLIPSeg to the bit") {
  Files const files;
  VLSM_NEEDS(files.all.empty() ? std::nullopt : std::optional(1), "clipseg/tiny_a");
  Model reference, model;
  io::load_tensors(reference, arrays(files.all), "FILE", omitted<Model>);
  Tensors whole = as_authors(below(files.all, "decoder."));
  for (auto const& [name, tensor] : as_openai(files.clip)) {
    whole["clip_model." + name] = tensor;
    if (name.starts_with("visual.")) whole["model." + name.substr(7)] = tensor;
  }
  auto const report = io::load_tensors(model, arrays(whole), "FILE", omitted<Model>);
  CHECK(report.scheme == "clipseg_authors");
  CHECK(report.skipped.empty());
  CHECK(logits(model).equal(logits(reference)));
}

TEST_CASE("neighbors: the authors' plain head, too") {
  struct Plain : TinyA {
    using Head = TransposedHead<>;
  };
  Segmenter<Plain> first, second;
  auto named = io::all_native(io::state_of(first), "FILE");
  Tensors hf;
  for (auto const& tensor : io::to_scheme(named, std::span(&io::hf_clipseg, 1)).tensors)
    hf.emplace(tensor.name, io::to_tensor(tensor.array).clone());
  TempDir const folder;
  Tensors const theirs = as_authors(below(hf, "decoder."));
  CHECK(theirs.contains("trans_conv.weight"));
  write(folder / "rd.safetensors", theirs);
  write(folder / "clip.safetensors", below(hf, "clip."));
  io::load(second, folder / "clip.safetensors", towers);
  io::load(second, folder / "rd.safetensors", rest);
  first.eval();
  CHECK(logits(first).equal(logits(second)));
  // The refined model lacks three layers of it, and says so.
  Model refined;
  CHECK_ERROR(io::load(refined, folder / "rd.safetensors", rest), "trans_conv.0.weight");
}

TEST_CASE("neighbors: OpenAI's archive, a TorchScript module of half weights") {
  Files const files;
  VLSM_NEEDS(files.all.empty() ? std::nullopt : std::optional(1), "clipseg/tiny_a");
  // Nested modules, each an object with its tensors and modules for attributes.
  std::vector<ZipPart> parts;
  std::map<std::string, std::string> attributes;
  Tensors const openai = as_openai(files.clip);
  for (auto const& [name, tensor] : openai) {
    at::Tensor const half = tensor.to(at::kHalf).contiguous();
    std::string const key = std::to_string(parts.size());
    parts.push_back({"m/data/" + key,
                     std::string(static_cast<char const*>(half.const_data_ptr()), half.nbytes())});
    attributes[name] = pickle_tensor(pickle_storage("HalfStorage", key, half.numel()), 0,
                                     half.sizes().vec(), half.strides().vec());
  }
  std::function<std::string(std::string const&)> module = [&](std::string const& prefix) {
    std::vector<std::pair<std::string, std::string>> items{{"training", "\x89"}};
    std::set<std::string> inner;
    for (auto const& [name, tensor] : attributes) {
      if (!name.starts_with(prefix)) continue;
      std::string const tail = name.substr(prefix.size());
      auto const dot = tail.find('.');
      if (dot == std::string::npos)
        items.emplace_back(tail, tensor);
      else if (inner.insert(tail.substr(0, dot)).second)
        items.emplace_back(tail.substr(0, dot), module(prefix + tail.substr(0, dot) + "."));
    }
    return pickle_global("__torch__.clip", "Module") + ")\x81" + pickle_dict(items) + "b";
  };
  parts.insert(parts.begin(),
               {{"m/data.pkl", pickle(module(""))}, {"m/constants.pkl", pickle(")")}});
  write_file(files / "ViT-B-16.pt", zip(parts));
  Model model;
  auto const report = io::load(model, files / "ViT-B-16.pt", towers);
  CHECK(report.format == "torchscript");
  CHECK(report.scheme == "openai_vit");
  auto const own = model.named_parameters();
  CHECK(own["vision.class_token"].equal(
      openai.at("visual.class_embedding").to(at::kHalf).to(at::kFloat)));
  CHECK(own["text.project.weight"].equal(
      openai.at("text_projection").t().to(at::kHalf).to(at::kFloat)));
}

TEST_CASE("neighbors: what other models than CLIPSeg say of them, and CLIPSeg of what is missing") {
  Files const files;
  VLSM_NEEDS(files.all.empty() ? std::nullopt : std::optional(1), "clipseg/tiny_a");
  Model model;
  CHECK_ERROR(io::load_tensors(model, arrays(files.clip), "FILE", omitted<Model>),
              "(Hugging Face's CLIP) has no decoder, fusion, head");
  io::LoadReport const report =
      io::load_tensors(model, arrays(files.clip), "FILE", omitted<Model>, {.partial = true});
  CHECK(report.fresh > 0);
  CHECK(to_line(report).find("keys of Hugging Face's CLIP") != std::string::npos);
  CHECK(to_line(report).find("parameters of decoder, fusion, head") != std::string::npos);
  // A model with other towers takes none of it, partial or not.
  torch::nn::Module other;
  other.register_module("vision", std::make_shared<torch::nn::Module>())
      ->register_parameter("stem", at::rand({2}));
  for (bool partial : {false, true})
    CHECK_ERROR(io::load_tensors(other, arrays(files.clip), "FILE",
                                 [](std::string_view) { return false; }, {.partial = partial}),
                "a checkpoint of Hugging Face's CLIP");
  CHECK_ERROR(
      io::load_tensors(other, arrays(files.clip), "FILE", [](std::string_view) { return false; }),
      "it is for clipseg");
}

TEST_CASE("neighbors: each form comes back from ours to the bit") {
  Files const files;
  VLSM_NEEDS(files.all.empty() ? std::nullopt : std::optional(1), "clipseg/tiny_a");
  Tensors counters = files.clip;
  std::erase_if(counters, [](auto const& item) { return item.first.ends_with("position_ids"); });
  std::vector<std::pair<io::KeyScheme, Tensors>> const forms{
      {io::hf_clip, counters},
      {io::openai_vit, as_openai(counters)},
      {io::open_clip_vit, as_openai(counters, "text.")},
      {io::clipseg_authors, as_authors(below(files.all, "decoder."))}};
  for (auto const& form : forms) {
    auto const ours = io::all_native(arrays(form.second), "FILE", /*strict=*/true);
    auto const back = io::to_scheme(ours, std::span(&form.first, 1));
    CHECK(back.tensors.size() == form.second.size());
    for (NamedArray const& tensor : back.tensors)
      CHECK_MESSAGE(io::to_tensor(tensor.array).equal(form.second.at(tensor.name)), tensor.name);
  }
}

TEST_CASE("neighbors: an old file's counters are no part of the model, and need no notice") {
  Files const files;
  VLSM_NEEDS(files.all.empty() ? std::nullopt : std::optional(1), "clipseg/tiny_a");
  Tensors old = files.clip;
  old["vision_model.embeddings.position_ids"] = at::arange(17).unsqueeze(0);
  old["text_model.embeddings.position_ids"] = at::arange(20).unsqueeze(0);
  Model model;
  io::LoadOptions options = towers;
  options.strict = true;
  auto const report = io::load_tensors(model, arrays(old), "FILE", omitted<Model>, options);
  CHECK(report.skipped.empty());
}
