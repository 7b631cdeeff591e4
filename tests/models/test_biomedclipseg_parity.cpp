// SPDX-License-Identifier: MIT
#include <ATen/core/grad_mode.h>

#include "support/reference.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/weights/load.hpp"

// BiomedCLIPSeg against medvlsm's over open_clip: recipe weights at full size, files in small.
namespace {

using namespace vlsm;
using test::Reference;

constexpr double tolerance = 1e-4;  // of the standard deviation of the reference's output

/// Words up to each prompt's own end; the reference computes vectors for padding, too.
void check_words(Reference const& reference, TextFeatures const& said) {
  auto const strides = reference.info()
                           .at("subsampled")
                           .at("text_last_hidden")
                           .at("strides")
                           .get<std::vector<int>>();
  at::Tensor const stored = reference["text_last_hidden.sub"];
  for (std::int64_t row = 0; row < said.words.size(0); ++row) {
    auto const length = said.padding[row].logical_not().sum().item<std::int64_t>();
    at::Tensor const ours =
        said.words[row].slice(0, 0, length, strides[1]).slice(1, 0, std::nullopt, strides[2]);
    Reference::check_values("text_last_hidden", ours, stored[row].slice(0, 0, ours.size(0)),
                            tolerance);
  }
}

template <class A>
void check_all(Segmenter<A>& model, Reference const& reference) {
  at::NoGradGuard const no_grad;
  model.eval();
  ImageFeatures const seen = model.vision->forward(reference.input("pixel_values"));
  TextFeatures const said = model.text->forward({reference["input_ids"]});
  for (int i = 0; i < 3; ++i)
    reference.check("activation" + std::to_string(i), seen.taps[static_cast<std::size_t>(i)],
                    tolerance);
  if (A::Vision::out.pooled) reference.check("pooled_image_embedding", seen.pooled, tolerance);
  check_words(reference, said);
  reference.check("text_embedding", said.sentence, tolerance);
  reference.check("logits", model.segment(seen, said), tolerance);
}

// The decoder's keys are as in Hugging Face's CLIPSeg, the towers' as in open_clip's file.
std::vector<io::NamedArray> recipe(torch::nn::Module const& model) {
  auto state = test::recipe_state(model, io::open_clip);
  for (auto& tensor : test::recipe_state(model, io::hf_clipseg))
    if (tensor.name.starts_with("decoder.")) state.push_back(std::move(tensor));
  for (auto& tensor : state)
    if (!tensor.name.starts_with("decoder.")) tensor.name = "biomedclip." + tensor.name;
  return state;
}

template <class A>
void check_full_size() {
  auto const path = test::fixture("biomedclipseg/full_224.safetensors");
  VLSM_NEEDS(path, "biomedclipseg/full_224");
  WithoutInitialization const fast;
  Segmenter<A> model;
  auto const report = io::load_tensors(model, recipe(model), "recipe", omitted<Segmenter<A>>);
  CHECK(report.scheme == "biomedclipseg");
  Reference const reference(*path);
  check_all(model, reference);
  std::puts("prepared for inference:");
  prepare(model);
  check_all(model, reference);
}

TEST_CASE("BiomedCLIPSeg gives the reference's numbers") { check_full_size<BiomedClipSegVisual>(); }

TEST_CASE("BiomedCLIPSeg that ends at its deepest tap gives the same numbers") {
  check_full_size<BiomedClipSeg>();
}

TEST_CASE("the tiny BiomedCLIPSeg from open_clip's file and CLIPSeg's decoder gives the numbers") {
  auto const towers = test::fixture("biomedclipseg/tiny_a/open_clip_pytorch_model.bin"),
             decoder = test::fixture("biomedclipseg/tiny_a/decoder.safetensors"),
             outputs = test::fixture("biomedclipseg/tiny_a_io.safetensors");
  VLSM_NEEDS(towers && decoder && outputs ? towers : std::nullopt, "biomedclipseg/tiny_a");
  Segmenter<test::TinyBiomed> model;
  CHECK(io::load(model, *towers, {.slots = {"vision", "text"}}).scheme == "open_clip");
  io::load(model, *decoder, {.slots = {"fusion", "decoder", "head"}});
  check_all(model, Reference(*outputs));
}

TEST_CASE("the tiny BiomedCLIPSeg from a Lightning checkpoint gives the reference's numbers") {
  auto const path = test::fixture("biomedclipseg/tiny_a/lightning.ckpt"),
             outputs = test::fixture("biomedclipseg/tiny_a_io.safetensors");
  VLSM_NEEDS(path && outputs ? path : std::nullopt, "biomedclipseg/tiny_a");
  Segmenter<test::TinyBiomed> model;
  CHECK(io::load(model, *path).scheme == "biomedclipseg");
  check_all(model, Reference(*outputs));
}

}  // namespace
