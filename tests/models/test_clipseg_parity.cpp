// SPDX-License-Identifier: MIT
#include <ATen/core/grad_mode.h>

#include "support/reference.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/weights/load.hpp"

// CLIPSeg against transformers' CLIPSegForImageSegmentation: recipe weights at full size.
namespace {

using namespace vlsm;
using test::Reference;

constexpr double tolerance = 1e-4;  // of the standard deviation of the reference's output

/// Words up to each prompt's own end; behind it the reference attends differently, to no effect.
void check_words(Reference const& reference, at::Tensor const& words, at::Tensor const& ids,
                 int end) {
  at::Tensor const expected = reference["text_last_hidden.sub"];
  auto const strides = reference.info()["subsampled"]["text_last_hidden"]["strides"];
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    auto const last = (end == largest_id_ends ? ids[row] == ids[row].max() : ids[row] == end)
                          .to(at::kInt)
                          .argmax()
                          .item<std::int64_t>();
    at::Tensor const actual =
        words[row].slice(0, 0, last + 1, strides[1]).slice(1, 0, std::nullopt, strides[2]);
    Reference::check_values("text_last_hidden of prompt " + std::to_string(row), actual,
                            expected[row].slice(0, 0, actual.size(0)), tolerance);
  }
}

/// Runs the reference's inputs through every slot and compares what comes out of each.
template <class A>
void check_all(Segmenter<A>& model, Reference const& reference) {
  at::NoGradGuard const no_grad;
  ImageFeatures const seen = model.vision->forward(reference.input("pixel_values"));
  for (int i = 0; i < 3; ++i)
    reference.check("activation" + std::to_string(i), seen.taps[static_cast<std::size_t>(i)],
                    tolerance);
  if constexpr (A::Vision::out.pooled > 0) reference.check("pooled_output", seen.pooled, tolerance);

  TextFeatures said;
  if (reference.has("input_ids")) {
    said = model.text->forward({reference["input_ids"]});
    reference.check("conditional_embeddings", said.sentence, tolerance);
    check_words(reference, said.words, reference["input_ids"],
                reference.info()["config"]["text_config"]["eos_token_id"]);
  } else {
    said.sentence = model.vision->forward(reference.input("conditional_pixel_values")).pooled;
    reference.check("conditional_embeddings", said.sentence, tolerance);
  }
  reference.check("logits", model.segment(seen, said).squeeze(1), tolerance);
}

template <class A>
void check_full_size(std::string const& name) {
  auto const path = test::fixture(name + ".safetensors");
  VLSM_NEEDS(path, name);
  WithoutInitialization const fast;
  Segmenter<A> model;
  io::load_tensors(model, test::recipe_state(model, io::hf_clipseg), "recipe",
                   [](auto) { return false; });
  model.eval();
  Reference const reference(*path);
  check_all(model, reference);
  std::puts("prepared for inference:");
  prepare(model);
  check_all(model, reference);
}

struct Native352 : ClipSegVisual {
  static constexpr VitConfig config = [] {
    VitConfig larger = clip_vit_b16_pooled;
    larger.grid = 22;
    return larger;
  }();
  using Vision = VisionTransformer<config>;
};

struct SimpleVisual : ClipSegVisual {
  using Head = TransposedHead<>;
};

TEST_CASE("CLIPSeg with the refined head gives the reference's numbers") {
  check_full_size<ClipSegVisual>("clipseg/refined_352");
}

TEST_CASE("CLIPSeg that ends at its deepest tap gives the same numbers") {
  check_full_size<ClipSeg>("clipseg/refined_352");
}

TEST_CASE("CLIPSeg with the plain head gives the reference's numbers") {
  check_full_size<SimpleVisual>("clipseg/simple_352");
}

TEST_CASE("CLIPSeg with a position table of 22 x 22 gives the reference's numbers") {
  check_full_size<Native352>("clipseg/refined_native352");
}

TEST_CASE("CLIPSeg prompted by a picture gives the reference's numbers") {
  check_full_size<ClipSegVisual>("clipseg/refined_352_image_prompt");
}

template <class A>
void check_file(std::string const& file, std::string const& outputs) {
  auto const path = test::fixture("clipseg/" + file), io = test::fixture("clipseg/" + outputs);
  VLSM_NEEDS(path && io ? path : std::nullopt, "clipseg/tiny_*");
  Segmenter<A> model;
  auto const report = io::load(model, *path);
  CHECK(report.scheme == "hf_clipseg");
  model.eval();
  check_all(model, Reference(*io));
}

TEST_CASE("the tiny model from safetensors gives the reference's numbers") {
  check_file<test::TinyA>("tiny_a/model.safetensors", "tiny_a_io.safetensors");
}
TEST_CASE("the tiny model from a PyTorch file gives the reference's numbers") {
  check_file<test::TinyA>("tiny_a/pytorch_model.bin", "tiny_a_io.safetensors");
}
TEST_CASE("the tiny model from a Lightning checkpoint gives the reference's numbers") {
  check_file<test::TinyA>("tiny_a/lightning.ckpt", "tiny_a_io.safetensors");
}
TEST_CASE("the tiny model from a folder gives the reference's numbers") {
  check_file<test::TinyA>("tiny_a", "tiny_a_io.safetensors");
}
TEST_CASE("the tiny model with the plain head and old end tokens gives the reference's numbers") {
  check_file<test::TinyB>("tiny_b_simple/model.safetensors", "tiny_b_simple_io.safetensors");
}

}  // namespace
