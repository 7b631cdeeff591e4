// SPDX-License-Identifier: MIT
#include "vlsm/models/small.hpp"
#include "vlsm/segmenter/registry.hpp"

VLSM_REGISTER_MODEL("clipseg-small", vlsm::ClipSegSmall,
                    .summary = "CLIPSeg in small, 128 pixels, bytes for tokens: trials on a CPU",
                    .batch = 16, .learning_rate = 1e-3);
VLSM_REGISTER_MODEL("clipseg-tiny", vlsm::ClipSegTiny,
                    .summary = "CLIPSeg in tiny, 64 pixels, bytes for tokens: the demonstration",
                    .batch = 16, .learning_rate = 1e-3);
VLSM_REGISTER_MODEL("cris-small", vlsm::CrisSmall,
                    .summary = "CRIS in small, 128 pixels, bytes for tokens: trials on a CPU",
                    .trains_towers = true, .batch = 16, .learning_rate = 1e-3);
VLSM_REGISTER_MODEL("unet-small", vlsm::UnetSmall,
                    .summary = "U-Net in small, 128 pixels; reads no prompt: trials on a CPU",
                    .tokenizer = "none", .trains_towers = true, .batch = 16, .learning_rate = 1e-3);
