// SPDX-License-Identifier: MIT
#include <ATen/core/grad_mode.h>

#include "support/reference.hpp"
#include "support/tiny_cris.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/weights/load.hpp"

// CRIS against medvlsm's: recipe weights at full size, files of every format in small.
namespace {

using namespace vlsm;
using test::Reference;

constexpr double tolerance = 2e-4;  // of the standard deviation of the reference's output

// The reference has as many words as ids; ours may end at the longest sentence.
void check_words(Reference const& reference, at::Tensor const& words) {
  auto const strides =
      reference.info().at("subsampled").at("word_features").at("strides").get<std::vector<int>>();
  at::Tensor const stored = reference["word_features.sub"],
                   ours = words.slice(1, 0, std::nullopt, strides[1])
                              .slice(2, 0, std::nullopt, strides[2]);
  Reference::check_values("word_features", ours, stored.slice(1, 0, ours.size(1)), tolerance);
}

template <class A>
void check_all(Segmenter<A>& model, Reference const& reference) {
  at::NoGradGuard const no_grad;
  model.eval();
  at::Tensor const image = reference.input("pixel_values");
  ImageFeatures const seen = model.vision->forward(image);
  TextFeatures const said = model.text->forward({reference["input_ids"]});
  ImageFeatures const joint = model.fusion->forward(seen, said);
  ImageFeatures const read = model.decoder->forward(joint, said);
  for (int i = 0; i < 3; ++i)
    reference.check("C" + std::to_string(i + 3), seen.taps[static_cast<std::size_t>(i)], tolerance);
  check_words(reference, said.words);
  reference.check("state", said.sentence, tolerance);
  reference.check("fq_neck", joint.taps[0], tolerance);
  reference.check("decoder_out", read.taps[0].flatten(2), tolerance);
  reference.check("logits_low", model.head->project(read.taps[0], said.sentence), tolerance);
  reference.check("logits", model.forward(image, {reference["input_ids"]}), tolerance);
}

template <class A>
void check_full_size(std::string const& name) {
  auto const path = test::fixture(name + ".safetensors");
  VLSM_NEEDS(path, name);
  WithoutInitialization const fast;
  Segmenter<A> model;
  auto const report =
      io::load_tensors(model, test::recipe_state(model, io::cris), "recipe", omitted<Segmenter<A>>);
  CHECK(report.scheme == "cris");
  Reference const reference(*path);
  check_all(model, reference);
  std::puts("prepared for inference:");
  prepare(model);
  check_all(model, reference);
}

TEST_CASE("CRIS with zeros behind its prompts gives the reference's numbers") {
  check_full_size<Cris>("cris/rn50_416_pad0");
}

TEST_CASE("CRIS that looks at its padding gives the reference's numbers") {
  check_full_size<CrisPadded>("cris/rn50_416_padeot");
}

template <class A>
void check_file(std::string const& file, std::string const& outputs) {
  auto const path = test::fixture("cris/tiny_a/" + file), io = test::fixture("cris/" + outputs);
  VLSM_NEEDS(path && io ? path : std::nullopt, "cris/tiny_a");
  Segmenter<A> model;
  CHECK(io::load(model, *path).scheme == "cris");
  check_all(model, Reference(*io));
}

TEST_CASE("the tiny CRIS from a training checkpoint gives the reference's numbers") {
  check_file<test::TinyCris>("cris.pt", "tiny_a_cris_pad0_io.safetensors");
  check_file<test::TinyCrisPadded>("cris.pt", "tiny_a_cris_padeot_io.safetensors");
}

TEST_CASE("the tiny CRIS from medvlsm's conversion gives the reference's numbers") {
  check_file<test::TinyCris>("cris_converted.pt", "tiny_a_cris_pad0_io.safetensors");
}

/// CLIP's archive for the towers, recipe weights for what it has none of.
template <class A>
void check_archive(std::string const& outputs) {
  auto const path = test::fixture("cris/tiny_a/RN50_tiny.pt"),
             io = test::fixture("cris/" + outputs);
  VLSM_NEEDS(path && io ? path : std::nullopt, "cris/tiny_a");
  Segmenter<A> model;
  io::load_tensors(model, test::recipe_state(model, io::cris, "ctiny_a:"), "recipe",
                   omitted<Segmenter<A>>);
  auto const report = io::load(model, *path, {.partial = true});
  CHECK(report.scheme == "openai_clip");
  CHECK(report.fresh > 0);
  check_all(model, Reference(*io));
}

TEST_CASE("the tiny CRIS over OpenAI's archive gives the reference's numbers") {
  check_archive<test::TinyCris>("tiny_a_archive_pad0_io.safetensors");
  check_archive<test::TinyCrisPadded>("tiny_a_archive_padeot_io.safetensors");
}

TEST_CASE("OpenAI's archive is the CLIP that it was saved from") {
  auto const path = test::fixture("cris/tiny_a/RN50_tiny.pt"),
             io = test::fixture("cris/tiny_a_archive_openai_clip_io.safetensors");
  VLSM_NEEDS(path && io ? path : std::nullopt, "cris/tiny_a");
  at::NoGradGuard const no_grad;
  Segmenter<test::TinyCris> model;
  io::load(model, *path, {.partial = true});
  model.eval();
  Reference const reference(*io);
  reference.check("image_features", model.vision->embed_prompt(reference.input("pixel_values")),
                  tolerance);
  reference.check("text_features", model.text->forward({reference["input_ids"]}).sentence,
                  tolerance);
}

}  // namespace
