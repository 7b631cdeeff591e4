// SPDX-License-Identifier: MIT
#include "vlsm/models/clipseg_small.hpp"
#include "vlsm/segmenter/registry.hpp"

VLSM_REGISTER_MODEL("clipseg-small", vlsm::ClipSegSmall,
                    .summary = "CLIPSeg in small, 128 pixels, bytes for tokens: trials on a CPU");
VLSM_REGISTER_MODEL("clipseg-tiny", vlsm::ClipSegTiny,
                    .summary = "CLIPSeg in tiny, 64 pixels, bytes for tokens: the demonstration");
