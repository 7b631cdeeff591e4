// SPDX-License-Identifier: MIT
#include "vlsm/fusion/cross_attention.hpp"

#include "benchmarks/support/block.hpp"
#include "vlsm/models/biomedclipseg.hpp"

// The fusion that asks a prompt's words instead of its sentence, between BiomedCLIPSeg's towers.
// fusion_attention.cpp times the attention alone.
namespace vlsm::bench {
namespace {

Registration const all([] {
  using Fusion = CrossAttention<CrossAttentionConfig{.width = 64, .heads = 4},
                                BiomedClipSeg::Vision::out, BiomedClipSeg::Text::out>;
  constexpr int side = BiomedClipSeg::recipe.image, tokens = 16;
  add({.name = "BM_CrossAttention" + picture_axes("biomedclipseg", side, 1),
       .work = {.flops = static_cast<double>(Fusion::flops({side, side, tokens}))},
       .unit = benchmark::kMicrosecond,
       .prepare = [] {
         return against_double<Fusion>("fusion.", io::native,
                                       made_features("bench:cross", Fusion::image, side, 1),
                                       made_said("bench:cross", Fusion::text, tokens, 1));
       }});
});

}  // namespace
}  // namespace vlsm::bench
