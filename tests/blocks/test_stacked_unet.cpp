// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/head/stacked_unet.hpp"
#include "vlsm/segmenter/check.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

namespace {

using namespace vlsm;

struct Stacked : test::DiskSeg {
  using Head = StackedUnet<test::DiskSeg::Head, StackedConfig{.stages = 1, .width = 16}>;
};
static_assert(flops<Stacked>() > flops<test::DiskSeg>());

Tokens tokens(std::initializer_list<std::string> prompts) {
  return tokenize(prompts, test::encode_bytes, test::DiskSeg::Text::pad_to);
}

TEST_CASE("a stacked U-Net is sound") { CHECK(check_architecture<Stacked>().empty()); }

TEST_CASE("a stacked U-Net sees the picture, once for many sentences, and the guess") {
  at::manual_seed(1);
  at::NoGradGuard const no_grad;
  Segmenter<Stacked> model;
  model.eval();
  at::Tensor const picture = at::randn({1, 3, 32, 32});
  Tokens const said = tokens({"bright", "dark", "gray"});
  ImageFeatures seen = model.vision->forward(picture);
  at::Tensor const once = model.segment(seen, model.text->forward(said));
  REQUIRE(once.sizes() == at::IntArrayRef({3, 1, 32, 32}));
  at::Tensor const each = model.forward(picture.expand({3, 3, 32, 32}), said);
  CHECK(at::allclose(once, each, 1e-4, 1e-6));
  CHECK_FALSE(at::allclose(once[0], once[1], 1e-4, 1e-6));  // the guess alone hears the words
  seen.image = at::zeros_like(picture);                     // the taps still are the picture's
  CHECK_FALSE(at::allclose(model.segment(seen, model.text->forward(said)), once, 1e-2, 1e-2));
}

TEST_CASE("a stacked U-Net trains alone on a model that was trained without it") {
  test::TempDir const folder;
  Segmenter<test::DiskSeg> base;
  io::save(base, folder / "base.safetensors");
  Segmenter<Stacked> model;
  CHECK_ERROR(io::load(model, folder / "base.safetensors"), "has no head");
  io::load(model, folder / "base.safetensors", {.partial = true});
  at::Tensor const picture = at::randn({1, 3, 32, 32});
  TextFeatures const said = model.text->forward(tokens({"bright"}));
  at::NoGradGuard const no_grad;
  CHECK(model.vision->forward(picture).taps[0].equal(base.vision->forward(picture).taps[0]));

  train_adapters_only(model);
  for (auto const& item : model.named_parameters())
    CHECK(item.value().requires_grad() == item.key().starts_with("head.unet."));
}

}  // namespace
