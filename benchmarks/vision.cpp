// SPDX-License-Identifier: MIT
#include "benchmarks/support/block.hpp"
#include "benchmarks/support/stored.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"

// The vision towers: ViTs, which end at their deepest tap (and CLIP's of all 12 blocks), CLIP's
// ResNet with its attention pool, and ResNet-50, plain and dilated. UNet++ has U-Net's.
namespace vlsm::bench {
namespace {

/// CLIPSeg's tower, against transformers' outputs.
template <class V>
Prepared prepare_clip(std::int64_t batch) {
  auto const tower = with_recipe_weights<V>("vision.");
  Stored const stored;
  at::Tensor const image = stored.image(batch);
  ImageFeatures const seen = tower->forward(image);
  std::vector<std::string> findings;
  for (std::size_t i = 0; i < seen.taps.size(); ++i)
    findings.push_back(stored.differs("activation" + std::to_string(i), seen.taps[i]));
  if (V::out.pooled > 0) findings.push_back(stored.differs("pooled_output", seen.pooled));
  return {.wrong = first_of(findings), .run = [tower, image] {
            ImageFeatures const result = tower->forward(image);
            benchmark::DoNotOptimize(result.taps.back().const_data_ptr());
          }};
}

template <class V>
void add_tower(std::string const& model, std::int64_t side, std::int64_t batch,
               Prepared (*prepare)(std::int64_t batch)) {
  auto const pixels = static_cast<int>(side);
  add({.name = "BM_Vision" + picture_axes(model, side, batch),
       .work = {.flops = static_cast<double>(batch * V::flops({pixels, pixels, 0}))},
       .prepare = [=] { return prepare(batch); }});
}

template <class A, io::KeyScheme const& scheme>
void add_tower_of(std::string const& model) {
  add_tower<typename A::Vision>(model, A::recipe.image, 1, [](std::int64_t batch) {
    at::Tensor const image =
        test::recipe_image("bench:vision", {batch, 3, A::recipe.image, A::recipe.image});
    return against_double<typename A::Vision>("vision.", scheme, image);
  });
}

Registration const all([] {
  using Clip = ClipSeg::Vision;
  using Whole = ClipSegVisual::Vision;
  add_tower<Clip>("clipseg", ClipSeg::recipe.image, 1, prepare_clip<Clip>);
  add_tower<Clip>("clipseg", ClipSeg::recipe.image, 8, prepare_clip<Clip>);
  add_tower<Whole>("clip_12_blocks", ClipSeg::recipe.image, 1, prepare_clip<Whole>);
  add_tower_of<BiomedClipSeg, io::biomedclipseg>("biomedclipseg");
  add_tower_of<Cris, io::cris>("cris");
  add_tower_of<Unet, io::smp_unet>("unet");
  add_tower_of<DeepLabV3Plus, io::smp_deeplabv3plus>("deeplabv3plus");
});

}  // namespace
}  // namespace vlsm::bench
