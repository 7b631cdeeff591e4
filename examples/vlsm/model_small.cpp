// SPDX-License-Identifier: MIT
#include "model_list.hpp"
#include "model_of.hpp"
#include "vlsm/models/clipseg_small.hpp"

namespace tool {

ModelInfo clipseg_small() {
  return info_of<vlsm::ClipSegSmall>(
      "clipseg-small", "CLIPSeg in small, 128 pixels, bytes for tokens: trials on a CPU");
}
ModelInfo clipseg_tiny() {
  return info_of<vlsm::ClipSegTiny>(
      "clipseg-tiny", "CLIPSeg in tiny, 64 pixels, bytes for tokens: the demonstration");
}

}  // namespace tool
