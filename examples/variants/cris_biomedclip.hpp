// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/cris.hpp"

namespace vlsm::variants {

// [variant]
/// CRIS behind the towers of another model. Its decoder compares cells with words, so the cells
/// become as wide as BERT's words; three taps of one stride will do for its neck.
template <class Base, class Towers>
struct OnTowersOf : Base {
  using Vision = typename Towers::Vision;
  using Text = typename Towers::Text;
  using Fusion =
      TextFpn<FpnConfig{.image = Vision::out,
                        .text = Text::out,
                        .width = {Text::out.words / 2, Text::out.words, Text::out.words}}>;
  static constexpr CrossConfig base = Base::Decoder::settings;
  using Decoder = CrossDecoder<CrossConfig{.in = Fusion::out,
                                           .text = Text::out,
                                           .heads = base.heads,
                                           .ffn = base.ffn,
                                           .layers = base.layers,
                                           .dropout = base.dropout}>;
  using Head = DynamicHead<ProjectorConfig{.in = Decoder::out, .text = Text::out}>;
  static constexpr Recipe recipe = Towers::recipe;
};
using CrisBiomedClip = OnTowersOf<Cris, BiomedClipSeg>;
static_assert(fits<CrisBiomedClip>());
// [variant]

}  // namespace vlsm::variants
