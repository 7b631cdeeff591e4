// SPDX-License-Identifier: MIT
#include "vlsm/models/cris.hpp"
#include "vlsm/segmenter/registry.hpp"

VLSM_REGISTER_MODEL(
    "cris", vlsm::CrisPadded,
    .summary = "CRIS as the study fine-tuned it: prompts padded to 77 tokens, all looked at",
    .tokenizer = "clip-ftfy", .trains_towers = true, .pretraining = "natural", .batch = 32,
    .learning_rate = 2e-5);
VLSM_REGISTER_MODEL("cris-original", vlsm::Cris,
                    .summary = "CRIS as published: prompts of at most 17 tokens, padding masked",
                    .tokenizer = "openai", .trains_towers = true, .pretraining = "natural",
                    .batch = 32, .learning_rate = 2e-5);
