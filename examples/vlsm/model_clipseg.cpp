// SPDX-License-Identifier: MIT
#include "model_list.hpp"
#include "model_of.hpp"
#include "vlsm/models/clipseg.hpp"

namespace tool {

ModelInfo clipseg() {
  return info_of<vlsm::ClipSeg>("clipseg",
                                "CLIPSeg with the refined head (CIDAS/clipseg-rd64-refined)");
}
ModelInfo clipseg_simple() {
  return info_of<vlsm::ClipSegSimple>("clipseg-simple",
                                      "CLIPSeg with the plain head (CIDAS/clipseg-rd64)");
}

ModelInfo clipseg_rd16() {
  return info_of<vlsm::ClipSegRd16>("clipseg-rd16",
                                    "CLIPSeg with the plain head and 16 channels (rd16-uni.pth)");
}

}  // namespace tool
