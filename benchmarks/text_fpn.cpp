// SPDX-License-Identifier: MIT
#include "benchmarks/support/block.hpp"
#include "vlsm/models/cris.hpp"

// CRIS's fusion: a feature pyramid whose deepest level the sentence gates.
namespace vlsm::bench {
namespace {

Registration const all([] {
  using Fusion = Slots<Cris>::Fusion;
  constexpr int side = Cris::recipe.image;
  add({.name = "BM_TextFpn" + picture_axes("cris", side, 1),
       .work = {.flops = static_cast<double>(Fusion::flops({side, side, 0}))},
       .prepare = [] {
         return against_double<Fusion>("fusion.", io::cris,
                                       made_features("bench:fpn", Fusion::image, side, 1),
                                       made_said("bench:fpn", Fusion::text, 0, 1));
       }});
});

}  // namespace
}  // namespace vlsm::bench
