// SPDX-License-Identifier: MIT
#include "vlsm/models/clipseg.hpp"
#include "vlsm/segmenter/registry.hpp"

VLSM_REGISTER_MODEL("clipseg", vlsm::ClipSeg,
                    .summary = "CLIPSeg with the refined head (CIDAS/clipseg-rd64-refined)",
                    .pretraining = "natural");
VLSM_REGISTER_MODEL("clipseg-simple", vlsm::ClipSegSimple,
                    .summary = "CLIPSeg with the plain head (CIDAS/clipseg-rd64)",
                    .pretraining = "natural");
VLSM_REGISTER_MODEL("clipseg-rd16", vlsm::ClipSegRd16,
                    .summary = "CLIPSeg with the plain head and 16 channels (rd16-uni.pth)",
                    .pretraining = "natural");
