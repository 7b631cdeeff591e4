// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/fits.hpp"

// Blocks that are nothing but their ports: what fits<A>() looks at, without the price of LibTorch.
namespace slots {

using namespace vlsm;

struct Sized {
  static constexpr long long parameter_count() { return 1; }
  static constexpr long long flops(Load) { return 1; }
};
template <Taps taps>
struct Sees : Sized {
  static constexpr Taps out = taps;
};
template <Words words>
struct Reads : Sized {
  static constexpr Words out = words;
};
template <Taps seen, Words said, Taps joint>
struct Joins : Sized {
  static constexpr Taps image = seen, out = joint;
  static constexpr Words text = said;
};
template <Taps joint, Taps map>
struct Decodes : Sized {
  static constexpr Taps in = joint, out = map;
};
template <Taps map, int factor>
struct Draws : Sized {
  static constexpr Taps in = map;
  static constexpr int scale = factor;
};

inline constexpr Taps seen = Taps::alike(3, 768, 16, Layout::tokens, 1);
inline constexpr Taps joint = Taps::alike(3, 64, 16, Layout::tokens, 1);
inline constexpr Taps map = Taps::alike(1, 64, 16, Layout::map);
inline constexpr Words said{.sentence = 512, .words = 512};

/// Fits; each test spoils one slot.
struct Sound {
  using Vision = Sees<seen>;
  using Text = Reads<said>;
  using Fusion = Joins<seen, said, joint>;
  using Decoder = Decodes<joint, map>;
  using Head = Draws<map, 16>;
  static constexpr Recipe recipe{.image = 352, .normalize = imagenet};
};
static_assert(fits<Sound>());
static_assert(parameter_count<Sound>() == 5);

}  // namespace slots
