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
  static constexpr int words = Text::out.words;
  using Fusion = TextFpn<FpnConfig{.width = {words / 2, words, words}}>;
  static constexpr Recipe recipe = Towers::recipe;
};
using CrisBiomedClip = OnTowersOf<Cris, BiomedClipSeg>;
static_assert(fits<CrisBiomedClip>());
// [variant]

}  // namespace vlsm::variants
