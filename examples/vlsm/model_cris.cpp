// SPDX-License-Identifier: MIT
#include "model_list.hpp"
#include "model_of.hpp"
#include "vlsm/models/cris.hpp"

namespace tool {

ModelInfo cris() {
  return info_of<vlsm::CrisPadded>(
      "cris", "CRIS as the study fine-tuned it: prompts padded to 77 tokens, all looked at",
      "clip-ftfy", true);
}
ModelInfo cris_original() {
  return info_of<vlsm::Cris>("cris-original",
                             "CRIS as published: prompts of at most 17 tokens, padding masked",
                             "openai", true);
}

}  // namespace tool
