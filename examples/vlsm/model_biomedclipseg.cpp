// SPDX-License-Identifier: MIT
#include "model_list.hpp"
#include "model_of.hpp"
#include "vlsm/models/biomedclipseg.hpp"

namespace tool {

ModelInfo biomedclipseg() {
  return info_of<vlsm::BiomedClipSeg>(
      "biomedclipseg", "BiomedCLIP's towers, CLIPSeg's decoder trained from random weights",
      "bert");
}
ModelInfo biomedclipseg_d() {
  ModelInfo info = info_of<vlsm::BiomedClipSeg>(
      "biomedclipseg-d", "The same with CLIPSeg's decoder pretrained (--decoder-weights)", "bert");
  info.pretrained_decoder = true;
  return info;
}

}  // namespace tool
