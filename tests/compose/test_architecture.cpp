// SPDX-License-Identifier: MIT
#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/recipe.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/small.hpp"

namespace {

using namespace vlsm;

// The published models have one parameter more, the temperature of the contrastive loss.
static_assert(parameter_count<ClipSegVisual>() + 1 == 150'747'746);
static_assert(parameter_count<Cris>() + 1 == 146'849'122);
static_assert(parameter_count<BiomedClipSegVisual>() + 1 == 197'029'730);
static_assert(parameter_count<ClipSeg>() < parameter_count<ClipSegVisual>());
static_assert(fits<ClipSeg>() && fits<ClipSegSimple>() && fits<ClipSegVisual>());
static_assert(fits<Cris>() && fits<CrisPadded>() && fits<BiomedClipSeg>());
// The tower ends at its deepest tap: 10 of 12 blocks, unless a picture is pooled as a prompt.
// Forgotten sizes are seen, not divided by.
static_assert(!has_maps(Film<FilmConfig{}, ClipSeg::Vision::out, ClipSeg::Text::out>::out));
static_assert(!TextFpn<FpnConfig{}, Cris::Vision::out, Cris::Text::out>::needs.sized);
static_assert(!divides(0, 64) && !divides(-4, 64) && !divides(4, 0) && divides(4, 64));
static_assert(ClipSeg::Vision::depth == 10 && ClipSegVisual::Vision::depth == 12);

template <class A>
void check_count() {
  WithoutInitialization const fast;
  Segmenter<A> const model;
  long long count = 0;
  for (at::Tensor const& parameter : model.parameters()) count += parameter.numel();
  CHECK(count == parameter_count<A>());
}

TEST_CASE("the built models have the parameters that were counted at compile time") {
  check_count<ClipSeg>();
  check_count<ClipSegSimple>();
  check_count<ClipSegVisual>();
  check_count<Cris>();
  check_count<BiomedClipSeg>();
  check_count<BiomedClipSegVisual>();
  check_count<ClipSegSmall>();
  check_count<ClipSegTiny>();
  check_count<test::TinyA>();
  check_count<test::TinyB>();
}

TEST_CASE("the work of CLIPSeg is what its layers multiply") {
  // One ViT-B/16 block at 485 tokens: 12 width^2 multiply-adds a token, and 2 tokens x width for
  // attention.
  long long const tokens = 485, width = 768;
  long long const block = 2 * tokens * 12 * width * width + 4 * tokens * tokens * width;
  CHECK(ClipSeg::Vision::flops({352, 352, 16}) == 10 * block + 2 * 484 * 3 * 16 * 16 * width);
  CHECK(flops<ClipSeg>(16) < flops<ClipSeg>(77));
}

TEST_CASE("recipe weights follow the worked examples") {
  CHECK(test::recipe_seed("a") == 0xaf63dc4c8601ec8cu);
  CHECK(test::recipe_unit(test::recipe_seed("a"), 1) == 0.9962445497512817);
  at::Tensor const film = test::recipe_weight("decoder.film_mul.weight", {64, 512});
  CHECK(film.flatten()[3].item<float>() == 0.0402574204f);
  at::Tensor const norm =
      test::recipe_weight("clip.vision_model.encoder.layers.0.layer_norm1.weight", {768});
  CHECK(norm[0].item<float>() == 1.04785216f);
  at::Tensor const variance = test::recipe_weight("visual.bn1.running_var", {32});
  CHECK(variance[1].item<float>() == 1.25362933f);
  at::Tensor const token = test::recipe_weight("cls_token", {1, 1, 768});
  CHECK(token.flatten()[0].item<float>() == -0.0014264062f);
  at::Tensor const image = test::recipe_image("input:example", {1, 3, 50, 40});
  CHECK(image.flatten()[0].item<float>() == 1.06390953f);
  CHECK(image[0][2][49][39].item<float>() == -0.770073771f);
}

TEST_CASE("one picture meets many sentences and one sentence many pictures") {
  at::NoGradGuard const no_grad;
  at::manual_seed(2);
  Segmenter<test::TinyA> model;
  model.eval();
  at::Tensor const images = test::recipe_image("pictures", {3, 3, 64, 64});
  Tokens const tokens{
      at::tensor({638, 5, 7, 639, 638, 9, 639, 639, 638, 1, 2, 639}, at::kLong).view({3, 4})};
  at::Tensor const pairs = model.forward(images, tokens);
  ImageFeatures const one = model.vision->forward(images.slice(0, 0, 1));
  at::Tensor const many_sentences = model.segment(one, model.text->forward(tokens));
  CHECK(at::allclose(many_sentences[0], pairs[0], 1e-5, 1e-5));
  CHECK_FALSE(at::allclose(many_sentences[0], many_sentences[1], 1e-3, 1e-3));
  at::Tensor const many_pictures = model.segment(model.vision->forward(images),
                                                 model.text->forward({tokens.ids.slice(0, 0, 1)}));
  CHECK(at::allclose(many_pictures[0], pairs[0], 1e-5, 1e-5));
}

TEST_CASE("tokens behind the end change nothing") {
  at::NoGradGuard const no_grad;
  at::manual_seed(2);
  Segmenter<test::TinyA> model;
  at::Tensor const tight = at::tensor({638, 5, 7, 639}, at::kLong).view({1, 4});
  at::Tensor const padded = at::tensor({638, 5, 7, 639, 12, 639, 3, 8}, at::kLong).view({1, 8});
  CHECK(model.text->forward({tight}).sentence.equal(model.text->forward({padded}).sentence));
}

TEST_CASE("a picture and a sentence can be mixed into one condition") {
  at::NoGradGuard const no_grad;
  at::manual_seed(2);
  Segmenter<test::TinyA> model;
  TextFeatures const said =
      model.text->forward({at::tensor({638, 5, 639}, at::kLong).view({1, 3})});
  at::Tensor const seen = model.vision->embed_prompt(test::recipe_image("prompt", {1, 3, 64, 64}));
  CHECK(mix_conditions(said, seen, 0).sentence.equal(said.sentence));
  CHECK(mix_conditions(said, seen, 1).sentence.equal(seen));
  CHECK(
      at::allclose(mix_conditions(said, seen, 0.25).sentence, 0.75 * said.sentence + 0.25 * seen));
}

TEST_CASE("pictures need not be square") {
  at::NoGradGuard const no_grad;
  at::manual_seed(2);
  Segmenter<test::TinyA> model;
  at::Tensor const logits = model.forward(test::recipe_image("wide", {1, 3, 64, 96}),
                                          {at::tensor({638, 5, 639}, at::kLong).view({1, 3})});
  CHECK(logits.sizes() == at::IntArrayRef({1, 1, 64, 96}));
}

}  // namespace
