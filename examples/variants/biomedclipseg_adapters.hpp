// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/adapt/condition.hpp"
#include "vlsm/adapt/dense.hpp"
#include "vlsm/models/biomedclipseg.hpp"

namespace vlsm::variants {

// [variant]
/// VLSM-Adapter (Dhakal et al. 2024): adapters in every block of both towers and on the sentence.
template <class Base, int width>
struct WithAdapters : Base {
  template <class Tower>
  using Dense = DenseAdapters<Tower, DenseConfig{.width = width, .blocks = Tower::depth}>;
  using Vision = Dense<typename Base::Vision>;
  using Text = ConditionAdapter<Dense<typename Base::Text>, ConditionConfig{.width = width}>;
};
using BiomedClipSegAdapters = WithAdapters<BiomedClipSeg, 64>;
static_assert(fits<BiomedClipSegAdapters>());
// [variant]

}  // namespace vlsm::variants
