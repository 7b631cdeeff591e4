// SPDX-License-Identifier: MIT
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/segmenter/registry.hpp"

VLSM_REGISTER_MODEL("biomedclipseg", vlsm::BiomedClipSeg,
                    .summary = "BiomedCLIP's towers, CLIPSeg's decoder trained from random weights",
                    .tokenizer = "bert", .pretraining = "medical");
VLSM_REGISTER_MODEL("biomedclipseg-d", vlsm::BiomedClipSeg,
                    .summary = "The same with CLIPSeg's decoder pretrained (--decoder-weights)",
                    .tokenizer = "bert", .pretrained_decoder = true, .pretraining = "medical");
