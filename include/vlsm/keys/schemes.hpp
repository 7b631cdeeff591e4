// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/keys/clipseg_authors.hpp"
#include "vlsm/keys/cris.hpp"
#include "vlsm/keys/hf_clipseg.hpp"
#include "vlsm/keys/open_clip.hpp"
#include "vlsm/keys/smp.hpp"

namespace vlsm::io {

/// Our own names; it has no parts because nothing is renamed.
inline constexpr KeyScheme native{"native", "vlsm", {}};

/// Every scheme that files are recognized by. Of those that know equally many keys the first is
/// taken: ours, which know any key below a slot, come last.
inline constexpr std::array schemes{hf_clipseg,        hf_clip, openai_clip, openai_vit,
                                    open_clip_vit,     cris,    open_clip,   biomedclipseg,
                                    clipseg_authors,   resnet,  smp_unet,    smp_unetpp,
                                    smp_deeplabv3plus, native};

}  // namespace vlsm::io
