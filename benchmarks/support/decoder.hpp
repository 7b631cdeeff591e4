// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "benchmarks/support/block.hpp"
#include "vlsm/compose/fits.hpp"

namespace vlsm::bench {

/// Adds a model's decoder, checked in double precision.
template <class A, io::KeyScheme const& scheme>
void add_decoder(std::string const& model) {
  using Decoder = typename Slots<A>::Decoder;
  constexpr int side = A::recipe.image, tokens = A::recipe.tokens;
  add({.name = "BM_Decoder" + picture_axes(model, side, 1),
       .work = {.flops = static_cast<double>(Decoder::flops({side, side, tokens}))},
       .prepare = [] {
         return against_double<Decoder>("decoder.", scheme,
                                        made_features("bench:decoder", Decoder::in, side, 1),
                                        made_said("bench:decoder", A::Text::out, tokens, 1));
       }});
}

}  // namespace vlsm::bench
