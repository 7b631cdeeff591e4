// SPDX-License-Identifier: MIT
#pragma once

#include "skeletons/fusion.hpp"
#include "vlsm/compose/fits.hpp"
#include "vlsm/models/small.hpp"

// A variant to copy.
namespace mine {

// [variant]
/// The base, with the skeleton's fusion.
template <class Base>
struct WithAddedSentence : Base {
  using Fusion = AddSentence<AddSentenceConfig{.hidden = 32}>;
};
using Variant = WithAddedSentence<vlsm::ClipSegTiny>;
static_assert(vlsm::fits<Variant>());
// [variant]

}  // namespace mine
