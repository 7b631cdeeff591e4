// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/head/stacked_unet.hpp"
#include "vlsm/models/clipseg.hpp"

namespace vlsm::variants {

// [variant]
/// VLSM-Ensemble (Dietlein et al. 2025): a small U-Net sees the picture together with what CLIPSeg
/// found in it.
template <class Base>
struct WithStackedUnet : Base {
  using Head = StackedUnet<typename Base::Head>;
};
using ClipSegStacked = WithStackedUnet<ClipSeg>;
static_assert(fits<ClipSegStacked>());
// [variant]

}  // namespace vlsm::variants
