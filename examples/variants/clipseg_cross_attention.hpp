// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/fusion/cross_attention.hpp"
#include "vlsm/models/clipseg.hpp"

namespace vlsm::variants {

// [variant]
/// The deepest positions attend to the words one by one, where FiLM gives all of them the same.
template <class Base>
struct WithCrossAttention : Base {
  using Fusion =
      CrossAttention<CrossAttentionConfig{.width = Base::Fusion::settings.width, .heads = 4}>;
};
using ClipSegCrossAttention = WithCrossAttention<ClipSeg>;
static_assert(fits<ClipSegCrossAttention>());
// [variant]

}  // namespace vlsm::variants
