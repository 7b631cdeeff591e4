// SPDX-License-Identifier: MIT
#include "compose/try_out.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "support/tiny_cris.hpp"
#include "variants/biomedclipseg_adapters.hpp"
#include "variants/clipseg_cross_attention.hpp"
#include "variants/clipseg_stacked.hpp"
#include "variants/cris_biomedclip.hpp"
#include "variants/cris_lora.hpp"
#include "variants/small.hpp"
#include "variants/unet_film.hpp"
#include "vlsm/train/freeze.hpp"

// The variants of docs/variants.md: their headers prove that they fit at full size, here they are
// built at the small one.
namespace {

using namespace vlsm;
using namespace vlsm::variants;

TEST_CASE("the published architectures in small are sound") {
  test::try_out(
      {{"CRIS", any_segmenter<CrisTiny>}, {"BiomedCLIPSeg", any_segmenter<BiomedClipSegTiny>}});
}

TEST_CASE("the variants are sound") {
  test::try_out(
      {{"cross attention", any_segmenter<WithCrossAttention<ClipSegTiny>>},
       {"other towers", any_segmenter<OnTowersOf<CrisTiny, BiomedClipSegTiny>>},
       {"FiLM at every skip", any_segmenter<WithFilmSkips<UnetTiny, ClipText<byte_text>>>},
       {"stacked U-Net", any_segmenter<WithStackedUnet<ClipSegTiny>>},
       {"adapters", any_segmenter<WithAdapters<BiomedClipSegTiny, 8>>},
       {"LoRA", any_segmenter<WithLora<CrisTiny>>}});
}

TEST_CASE("CRIS on other towers starts from those towers' file") {
  auto const towers = test::fixture("biomedclipseg/tiny_a/open_clip_pytorch_model.bin");
  VLSM_NEEDS(towers, "biomedclipseg/tiny_a");
  Segmenter<test::TinyBiomed> theirs;
  Segmenter<OnTowersOf<test::TinyCris, test::TinyBiomed>> ours;
  io::LoadOptions const options{.slots = {"vision", "text"}};
  io::load(theirs, *towers, options);
  CHECK(io::load(ours, *towers, options).fresh == 0);
  at::NoGradGuard const no_grad;
  at::Tensor const image = at::randn({1, 3, 48, 48});
  CHECK(ours.vision->forward(image).taps[2].equal(theirs.vision->forward(image).taps[2]));
}

/// Every parameter of the variant that its base's file does not hold, and no other, trains.
template <class Variant>
void check_adapts(std::filesystem::path const& file) {
  Segmenter<Variant> model;
  std::size_t const fresh = io::load(model, file, {.partial = true}).fresh;
  train_adapters_only(model);
  CHECK(fresh > 0);
  CHECK(trainable(model).size() == fresh);
}

TEST_CASE("adapters and LoRA start from the published models' files") {
  auto const biomed = test::fixture("biomedclipseg/tiny_a/lightning.ckpt"),
             cris = test::fixture("cris/tiny_a/cris_converted.pt");
  VLSM_NEEDS(biomed && cris ? biomed : std::nullopt, "biomedclipseg/tiny_a and cris/tiny_a");
  check_adapts<WithAdapters<test::TinyBiomed, 8>>(*biomed);
  check_adapts<WithLora<test::TinyCris>>(*cris);
}

}  // namespace
