// SPDX-License-Identifier: MIT
#include "compose/try_out.hpp"
#include "variants/biomedclipseg_adapters.hpp"
#include "variants/clipseg_cross_attention.hpp"
#include "variants/clipseg_stacked.hpp"
#include "variants/cris_biomedclip.hpp"
#include "variants/cris_lora.hpp"
#include "variants/small.hpp"
#include "variants/unet_film.hpp"

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

}  // namespace
