// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/clipseg_decoder.hpp"
#include "vlsm/keys/hf_clip.hpp"

namespace vlsm::io {

/// Hugging Face's CLIPSegForImageSegmentation: CIDAS/clipseg-rd64-refined and -rd64.
inline constexpr KeyPart hf_clipseg_parts[] = {{"clip.", hf_clip_rules},
                                               {"decoder.", clipseg_decoder_rules}};
inline constexpr KeyScheme hf_clipseg{"hf_clipseg", "Hugging Face's CLIPSeg", hf_clipseg_parts,
                                      "clipseg"};

}  // namespace vlsm::io
