// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/fits.hpp"

// Blocks that are nothing but their ports: what fits<A>() looks at, without the price of LibTorch.
namespace slots {

using namespace vlsm;

struct Sized {
  static constexpr long long parameter_count() { return 1; }
  static constexpr long long flops(Workload) { return 1; }
};
template <FeatureSpec taps>
struct Sees : Sized {
  static constexpr FeatureSpec out = taps;
};
template <TextSpec words>
struct Reads : Sized {
  static constexpr TextSpec out = words;
};
template <FeatureSpec seen, TextSpec said, FeatureSpec joint>
struct Joins : Sized {
  static constexpr FeatureSpec image = seen, out = joint;
  static constexpr TextSpec text = said;
};
template <FeatureSpec joint, FeatureSpec map>
struct Decodes : Sized {
  static constexpr FeatureSpec in = joint, out = map;
};
template <FeatureSpec map, int factor>
struct Draws : Sized {
  static constexpr FeatureSpec in = map;
  static constexpr int scale = factor;
};

inline constexpr FeatureSpec seen = FeatureSpec::alike(3, 768, 16, Layout::tokens, 1);
inline constexpr FeatureSpec joint = FeatureSpec::alike(3, 64, 16, Layout::tokens, 1);
inline constexpr FeatureSpec map = FeatureSpec::alike(1, 64, 16, Layout::map);
inline constexpr TextSpec said{.sentence = 512, .words = 512};

/// Fits; each test spoils one slot.
struct Sound {
  using Vision = Sees<seen>;
  using Text = Reads<said>;
  using Fusion = Joins<seen, said, joint>;
  using Decoder = Decodes<joint, map>;
  using Head = Draws<map, 16>;
  static constexpr Recipe recipe{.image = 352, .normalize = imagenet_normalization};
};
static_assert(fits<Sound>());
static_assert(parameter_count<Sound>() == 5);

}  // namespace slots
